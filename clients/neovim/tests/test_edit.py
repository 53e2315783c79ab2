from case import Case


class Edit(Case):
    def open(self, lines):
        self.nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, ...)", lines)
        self.buffer = self.nvim.call("nvim_get_current_buf")

    def edit(self, lines, instruction):
        self.nvim.type(f":{lines}PatchbayEdit {instruction}<CR>")

    def test_accept(self):
        """:PatchbayEdit shows a diff, and accepting it changes the lines, undone by one `u`"""
        self.open(["one", "two", "three", "four"])
        self.edit("2,3", "!say zwei\\ndrei\\nextra")
        self.nvim.wait_for("+extra")
        screen = self.nvim.screen.text()
        for line in ("-two", "-three", "+zwei", "+drei"):
            self.assertIn(line, screen)
        self.nvim.type("<CR>")
        self.nvim.wait(lambda: "+extra" not in self.nvim.screen.text(), "the closing")
        self.assertEqual(self.nvim.lines(self.buffer), ["one", "zwei", "drei", "extra", "four"])
        self.nvim.type("u")
        self.nvim.wait(lambda: self.nvim.lines(self.buffer)[1] == "two", "the undoing")
        self.assertEqual(self.nvim.lines(self.buffer), ["one", "two", "three", "four"])
        body = self.upstream.requests()[0]["body"]["messages"]
        self.assertIn("<piece>\ntwo\nthree\n</piece>\n!say zwei", body[-1]["content"])
        self.assertEqual(body[0]["role"], "system")

    def test_reject(self):
        """rejecting leaves the lines as they are"""
        self.open(["one", "two"])
        self.edit("%", "!say other")
        self.nvim.wait_for("+other")
        self.nvim.type("q")
        self.nvim.wait(lambda: "+other" not in self.nvim.screen.text(), "the closing")
        self.assertEqual(self.nvim.lines(self.buffer), ["one", "two"])

    def test_moved_lines(self):
        """lines that move while the answer is written are still the ones that are replaced"""
        self.open(["one", "two"])
        self.edit("2", "!say zwei")
        self.nvim.wait_for("+zwei")
        self.nvim.call("nvim_buf_set_lines", self.buffer, 0, 0, True, ["zero"])
        self.nvim.command("PatchbayAccept")
        self.assertEqual(self.nvim.lines(self.buffer), ["zero", "one", "zwei"])

    def test_changed_lines(self):
        """lines that were changed meanwhile are not replaced"""
        self.open(["one", "two"])
        self.edit("2", "!say zwei")
        self.nvim.wait_for("+zwei")
        self.nvim.call("nvim_buf_set_lines", self.buffer, 1, 2, True, ["deux"])
        self.nvim.command("PatchbayAccept")
        self.assertEqual(self.nvim.lines(self.buffer), ["one", "deux"])
        self.assertIn("changed meanwhile", self.nvim.told())

    def test_fence(self):
        """a code fence around the answer is left away"""
        self.open(["one"])
        self.edit("1", "!say ```lua\\nlocal one\\n```\\n")
        self.nvim.wait_for("+local one")
        self.nvim.command("PatchbayAccept")
        self.assertEqual(self.nvim.lines(self.buffer), ["local one"])

    def test_streams_and_cancels(self):
        """the proposal streams into its window, and <C-c> there stops the request upstream"""
        self.open(["one"])
        self.edit("1", "!wait")
        self.nvim.wait_for("waiting")
        self.nvim.type("<C-c>")
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
        self.assertEqual(self.nvim.lines(self.buffer), ["one"])

    def test_failure(self):
        """a failure is shown in the proposal's window"""
        self.open(["one"])
        self.edit("1", "!fail 401")
        self.nvim.wait_for("✗ ")
        self.nvim.command("PatchbayAccept")
        self.assertIn("there is no proposal", self.nvim.told())
        self.nvim.command("PatchbayReject")
        self.assertNotIn("✗ ", self.nvim.text(self.buffer))

    def test_asks_for_the_instruction(self):
        """without an instruction it is asked for"""
        self.open(["one"])
        self.nvim.lua("vim.ui.input = function(options, done) done('!say uno') end")
        self.nvim.type(":PatchbayEdit<CR>")
        self.nvim.wait_for("+uno")

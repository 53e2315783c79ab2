from case import Case


class Inline(Case):
    setup = "{ inline = { auto = true, debounce = 1 } }"

    def wait_suggestion(self):
        self.nvim.wait_event("PatchbaySuggested")
        self.nvim.call("nvim_command", "redraw")

    def test_shown_and_accepted(self):
        """a suggestion is ghost text, no text of the buffer, until it is accepted"""
        self.nvim.type("ivalue = ")
        self.nvim.wait_for("value = filled")
        self.assertEqual(self.nvim.lines(), ["value = "])
        ghost, typed = self.nvim.screen.highlight_of("filled"), self.nvim.screen.highlight_of("value")
        self.assertNotEqual(ghost, typed)
        self.nvim.type("<C-l>")
        self.nvim.wait(lambda: self.nvim.lines() == ["value = filled"], "the accepting")
        self.nvim.type("!")
        self.nvim.wait(lambda: self.nvim.lines() == ["value = filled!"], "the typing on")
        bodies = [request["body"] for request in self.upstream.requests()]
        self.assertIn(("value = ", ""), [(body["prompt"], body.get("suffix", "")) for body in bodies])

    def test_middle_of_a_line(self):
        """in the middle of a line the rest of it stays readable, and the text goes in between"""
        self.nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, { 'f()' })")
        self.nvim.type("f(ax")
        self.nvim.wait_for("f(xfilled)")
        self.assertEqual(self.nvim.lines(), ["f(x)"])
        self.nvim.type("<C-l>")
        self.nvim.wait(lambda: self.nvim.lines() == ["f(xfilled)"], "the accepting")

    def test_several_lines(self):
        """a suggestion of several lines is drawn below the cursor, and goes in whole or by its first line"""
        self.nvim.quit()
        self.nvim = self.start("{ inline = { mappings = { accept_line = '<C-j>' } } }")
        self.nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, true, { '!say a\\\\nbc\\\\nd', 'last' })")
        self.nvim.type("A<C-l>")
        self.nvim.wait_for("bc\nd\nlast")
        self.nvim.type("<C-j>")
        self.nvim.wait(lambda: len(self.nvim.lines()) == 3, "the first line")
        self.assertEqual(self.nvim.lines(), ["!say a\\nbc\\nda", "", "last"])
        self.nvim.type("<Esc>kA<BS><C-l>")
        self.wait_suggestion()
        self.nvim.wait_for("bc\nd\n\nlast")
        self.nvim.type("<C-l>!")
        self.nvim.wait(lambda: len(self.nvim.lines()) == 5, "all lines")
        self.assertEqual(self.nvim.lines(), ["!say a\\nbc\\nda", "bc", "d!", "", "last"])

    def test_stale_is_cancelled(self):
        """typing on ends the request that it has overtaken, and only the last answer is shown"""
        self.nvim.type("i!wait")
        self.upstream.get("/begun/1")
        self.nvim.type(" no more")
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
        self.nvim.type("<Esc>cc!say new ")
        self.nvim.wait_for("!say new new")
        self.assertEqual(self.nvim.lines(), ["!say new "])

    def test_typing_hides_it(self):
        """the next key takes the ghost text away; leaving insert mode does too"""
        self.nvim.type("ione ")
        self.nvim.wait_for("one filled")
        self.nvim.type("<Esc>")
        self.nvim.wait(lambda: "filled" not in self.nvim.screen.text(), "the hiding")
        self.assertEqual(self.nvim.lines(), ["one "])

    def test_debounced(self):
        """quick typing asks once, when it pauses"""
        self.nvim.quit()
        self.nvim = self.start("{ inline = { auto = true, debounce = 60000 } }")
        self.nvim.type("isome words")
        self.nvim.wait_for("some words")
        self.assertEqual(self.upstream.requests(), [])
        self.nvim.type("<C-l>")  # asks at once
        self.nvim.wait_for("some wordsfilled")
        self.assertEqual(len(self.upstream.requests()), 1)

    def test_off_unless_asked_for(self):
        """nothing is sent while typing unless it was switched on"""
        self.nvim.quit()
        self.nvim = self.start("{ inline = { debounce = 0 } }")
        self.nvim.type("iwords<Esc>:PatchbayInline<CR>")
        self.nvim.wait_event("told")
        self.assertEqual(self.upstream.requests(), [])
        self.nvim.type("A more")
        self.nvim.wait_for("words morefilled")

    def test_failure(self):
        """a suggestion that was asked for and fails says why; one that was not is silent"""
        self.nvim.quit()
        self.nvim = self.start()
        self.nvim.type("i!fail 401<C-l>")
        self.nvim.wait_event("told")
        self.assertIn("The test asked for a failure: 401.", self.nvim.told())
        self.assertEqual(self.nvim.lines(), ["!fail 401"])

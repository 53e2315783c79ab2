import os

import support
from case import Case


class Chat(Case):
    def test_streams(self):
        """an answer streams into the chat, and typing goes on while it does"""
        self.ask("!wait")
        self.nvim.wait_for("waiting")
        self.assertIn("▌ loop/looped", self.nvim.screen.text())
        self.nvim.type("the next question")
        self.nvim.wait_for("the next question")
        self.upstream.get("/release")
        self.answered()
        self.nvim.wait_for("waiting released")
        self.assertEqual(
            self.nvim.text(), "▌ You\n!wait\n\n▌ loop/looped\nwaiting released\n\n▌ You\nthe next question")
        self.nvim.wait_for("7 → ")  # the tokens, beside the heading

    def test_undo(self):
        """undo takes back what was typed, not what was answered"""
        self.ask("one")
        self.answered()
        self.nvim.type("<Esc>oa line<Esc>u")
        self.nvim.wait(lambda: "a line" not in self.nvim.text(), "the undoing")
        self.assertIn("Hello from the loop.", self.nvim.text())
        self.nvim.type("uuu")
        self.nvim.type(":let g:done = 1<CR>")
        self.nvim.wait(lambda: self.nvim.lua("return vim.g.done"), "the end of the undoing")
        self.assertIn("Hello from the loop.", self.nvim.text())

    def test_folds_reasoning(self):
        """reasoning is folded, in insert mode and in every window"""
        self.ask("!think")
        self.answered()
        self.nvim.wait_for("┊ reasoning (1 line)\n~                                           │Seen.")
        self.assertNotIn("Let me see.", self.nvim.screen.text())
        self.assertIn("┊ Let me see.", self.nvim.text())
        self.nvim.type("<Esc>:close<CR>:Patchbay<CR>")
        self.nvim.wait_for("┊ reasoning (1 line)")
        self.nvim.type("gg/Let me<CR>zo")
        self.nvim.wait_for("┊ Let me see.")

    def test_survives_the_window(self):
        """an answer goes on while its window is closed"""
        self.ask("!wait")
        self.nvim.wait_for("waiting")
        self.nvim.type("<Esc>:close<CR>")
        self.nvim.wait(lambda: "▌" not in self.nvim.screen.text(), "the closing")
        self.upstream.get("/release")
        self.answered()
        self.nvim.type(":Patchbay<CR>")
        self.nvim.wait_for("waiting released")

    def test_resumes(self):
        """a session is resumed in another Neovim, and its thread goes on"""
        self.ask("!say first\\nanswer")
        self.answered()
        self.nvim.quit()
        self.nvim = self.start()
        self.choose("!say first")
        self.nvim.type(":PatchbaySessions<CR>")
        self.nvim.wait_for("▌ You")
        self.assertEqual(
            self.nvim.text(), "▌ You\n!say first\\nanswer\n\n▌ loop/looped\nfirst\nanswer\n\n▌ You\n")
        self.nvim.type("GAsecond<C-s>")
        self.answered()
        texts = [message["content"] for message in self.upstream.requests()[-1]["body"]["messages"]]
        self.assertEqual(texts, ["!say first\\nanswer", "first\nanswer", "second"])

    def test_named_session(self):
        """:Patchbay NAME begins a session of that name, and finds it again"""
        self.nvim.type(":Patchbay trip<CR>")
        self.nvim.wait_for("▌ You")
        self.nvim.type("Ahello<C-s>")
        self.answered()
        self.assertEqual(self.nvim.lua("return vim.b.patchbay_session"), "trip")
        self.nvim.quit()
        self.nvim = self.start()
        self.nvim.type(":Patchbay trip<CR>")
        self.nvim.wait_for("Hello from the loop.")

    def test_two_chats_with_the_same_first_words(self):
        """a name that is taken does not stop a new session"""
        self.ask("same")
        self.answered()
        self.ask("same", "<Esc>:PatchbayNew<CR>")
        self.answered()
        self.assertRegex(self.nvim.lua("return vim.b.patchbay_session"), r"^same \(\d{4}-")

    def test_switches_provider(self):
        """another provider answers in a thread of its own, chosen by vim.ui.select"""
        self.ask("one")
        self.answered()
        self.choose("Echo")
        self.nvim.type("<Esc>:PatchbayProvider<CR>")
        self.nvim.wait_for("▌ You → echo/echo")
        self.nvim.type("GAsay this<C-s>")
        self.answered()
        self.nvim.type("<Esc>:PatchbayModel loop/looped<CR>")
        self.nvim.wait_for("▌ You → loop/looped")
        self.nvim.type("GAthree<C-s>")
        self.answered()
        self.assertIn("▌ echo/echo\nsay this\n", self.nvim.text())
        texts = [message["content"] for message in self.upstream.requests()[-1]["body"]["messages"]]
        self.assertEqual(texts, ["one", "Hello from the loop.", "three"])

    def test_chooses_a_model_before_the_first_question(self):
        """a model chosen before the first question answers it"""
        self.choose("echo/think")
        self.nvim.type(":PatchbayModel think<CR>")
        self.nvim.wait_event("told")
        self.assertIn("echo/think answers now", self.nvim.told())
        self.ask("two words")
        self.answered()
        self.assertIn("▌ echo/think\n┊ You said 2 words.\ntwo words\n", self.nvim.text())

    def test_shows_failures(self):
        """a failure and its hint are shown in the chat, and the question can be sent again"""
        self.ask("!fail 401")
        self.answered()
        self.nvim.wait_for("✗ ")
        self.assertRegex(self.nvim.text(), r"(?m)^✗ .+\n→ [A-Z].+\.$")
        self.assertTrue(self.nvim.text().endswith("▌ You\n!fail 401"), self.nvim.text())

    def test_cut_answer(self):
        """an answer that breaks off keeps what came, and says why"""
        self.ask("!cut")
        self.answered()
        self.assertRegex(self.nvim.text(), r"▌ loop/looped\nhalf\n✗ .+")

    def test_cancels(self):
        """<C-c> stops the request upstream; the chat can be used at once"""
        self.ask("!wait")
        self.nvim.wait_for("waiting")
        self.nvim.type("<C-c>")
        self.answered()
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
        self.nvim.wait_for("cancelled")
        self.nvim.type("<Esc>GAagain<C-s>")
        self.answered()
        self.assertIn("Hello from the loop.", self.nvim.text())

    def test_one_answer_at_a_time(self):
        """a question during an answer is refused with a reason, and stays"""
        self.ask("!wait")
        self.nvim.wait_for("waiting")
        self.nvim.type("more<C-s>")
        self.nvim.wait_event("told")
        self.assertIn("still being written", self.nvim.told())
        self.assertTrue(self.nvim.text().endswith("\nmore"))

    def test_wiping_the_buffer_cancels(self):
        """wiping out the buffer of a chat ends its answer"""
        self.ask("!wait")
        self.nvim.wait_for("waiting")
        self.nvim.type("<Esc>:bwipeout!<CR>")
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")

    def test_cancels_all(self):
        """:PatchbayCancel ends every answer, whatever buffer is current"""
        self.ask("!wait")
        self.nvim.wait_for("waiting")
        self.nvim.type("<Esc>:tabnew<CR>:PatchbayCancel<CR>")
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")

    def test_many_deltas(self):
        """5,000 deltas arrive whole"""
        self.ask("!count 5000")
        self.answered()
        words = [word for word in self.nvim.text().split() if word.isdigit() and word != "5000"]
        self.assertEqual(words, [str(number) for number in range(1, 5000)])

    def test_broken_characters(self):
        """bytes that are no UTF-8 are sent as U+FFFD"""
        self.nvim.type(":Patchbay<CR>")
        self.nvim.wait_for("▌ You")
        self.nvim.lua("vim.api.nvim_buf_set_lines(0, -2, -1, true, { 'a\\255b\\237\\160\\128ü' })")
        self.nvim.type("<CR>")
        self.answered()
        sent = self.upstream.requests()[0]["body"]["messages"][-1]["content"]
        self.assertEqual(sent, "a\ufffdb" + "\ufffd" * 3 + "ü")


@support.needs_proc
class Process(Case):
    def test_shared_and_gone(self):
        """all buffers share one process, and quitting leaves none"""
        self.ask("!wait")
        self.nvim.wait_for("waiting")
        self.ask("two", "<Esc>:PatchbayNew<CR>")
        self.answered()
        running = support.servers(self.upstream.home)
        self.assertEqual(len(running), 1)
        self.nvim.quit()
        support.wait_for_end(running[0])
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")

    def test_killed(self):
        """a Neovim that is killed leaves no process"""
        self.ask("one")
        self.answered()
        running = support.servers(self.upstream.home)
        self.nvim.process.kill()
        support.wait_for_end(running[0])

    def test_restarts(self):
        """after a crash the chat says so, and the next question starts patchbay again"""
        self.choose("echo/think")
        self.nvim.type(":PatchbayModel think<CR>")
        self.nvim.wait_event("told")
        self.ask("!wait", ":Patchbay<CR>")
        self.answered()
        self.nvim.type("<Esc>:PatchbayModel loop/looped<CR>")
        self.nvim.wait_for("▌ You → loop/looped")
        self.nvim.type("GA!wait<C-s>")
        self.nvim.wait_for("waiting")
        os.kill(support.servers(self.upstream.home)[0], 9)
        self.answered()
        self.assertIn("✗ patchbay ended unexpectedly (signal 9)", self.nvim.text())
        self.assertIn("started again when it is needed", self.nvim.told())
        self.nvim.type("<Esc>:PatchbayModel echo/echo<CR>")
        self.nvim.wait_for("▌ You → echo/echo")
        self.nvim.type("Gccback again<C-s>")
        self.answered()
        self.assertIn("▌ echo/echo\nback again\n", self.nvim.text())
        # What was chosen where no session is named was told to the new process as well.
        self.ask("a new session", "<Esc>:PatchbayNew<CR>")
        self.answered()
        self.assertIn("▌ echo/think", self.nvim.text())

    def test_missing_program(self):
        """a program that is not there is told of in the chat, with what to do"""
        self.nvim.quit()
        self.nvim = self.start("{ command = { '/nowhere/patchbay' } }")
        self.ask("hello")
        self.answered()
        self.assertRegex(self.nvim.text(), r"✗ cannot start /nowhere/patchbay: ENOENT.*\n→ Put patchbay into your PATH")

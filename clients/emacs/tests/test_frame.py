import os
import signal

import support
from frame import Case


class Frame(Case):
    def test_chat(self):
        """in a frame an answer streams, typing goes on, and C-g stops the request upstream"""
        self.chat()
        self.ask("!wait")
        self.terminal.wait_for("waiting")
        self.terminal.write("typed meanwhile")
        self.terminal.wait_for("typed meanwhile")
        self.terminal.type("C-g")
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")
        self.terminal.wait_for("▌ loop/looped cancelled")
        self.terminal.wait_for("▌ You → loop/looped")
        self.ask("")
        screen = self.terminal.wait_for("Hello from the loop.")
        self.assertEqual(screen.count("typed meanwhile"), 1)

    def test_reasoning(self):
        """in a frame reasoning is folded to one line"""
        self.chat()
        self.ask("!think")
        screen = self.terminal.wait_for("Seen.")
        self.assertIn("┊ reasoning...", screen)
        self.assertNotIn("Let me see.", screen)
        self.terminal.type("C-c", "C-r")
        self.terminal.wait_for("Let me see.")

    def test_rewrite(self):
        """in a frame a region is rewritten: asked for, shown as a diff, accepted by C-c C-c"""
        self.terminal.type("C-x", "b")
        self.terminal.write("draft\r")
        self.terminal.wait_for("draft")
        self.terminal.write("one\rtwo")
        self.command("patchbay-rewrite")
        self.terminal.wait_for("What shall change?")
        self.terminal.write("!say zwei\r")
        screen = self.terminal.wait_for("+zwei")
        self.assertIn("-two", screen)
        self.terminal.type("C-c", "C-c")
        screen = self.terminal.wait(lambda screen: "+zwei" not in screen, "the accepting")
        self.assertIn("\none\nzwei\n\n", screen)

    def test_suggestion(self):
        """in a frame a suggestion is drawn behind the cursor, and TAB takes it"""
        self.command("patchbay-inline-mode")
        self.terminal.type("C-x", "b")
        self.terminal.write("draft\r")
        self.terminal.wait_for("draft")
        self.command("patchbay-inline-mode")
        self.terminal.write("value = ")
        self.terminal.wait_for("value = filled")
        column = int(self.terminal.tmux("display-message", "-p", "#{cursor_x}"))
        self.assertEqual(column, len("value = "))
        self.terminal.type("Tab")
        self.terminal.write("!")
        self.terminal.wait_for("value = filled!")

    def test_login(self):
        """in a frame a key is read unseen"""
        self.command("patchbay-login")
        self.terminal.wait_for("Log in to:")
        self.terminal.write("groq\r")
        self.terminal.wait_for("API key")
        self.terminal.write("gsk-typed-secret")
        self.terminal.wait_for("****************")
        self.assertNotIn("gsk-typed-secret", self.terminal.screen())
        self.terminal.type("Enter")
        self.terminal.wait_for("logged in to groq")
        with open(os.path.join(self.upstream.home, "data", "auth.json"), encoding="utf-8") as file:
            self.assertIn("gsk-typed-secret", file.read())

    def leave(self, how):
        self.chat()
        self.ask("!wait")
        self.terminal.wait_for("waiting")
        running = support.servers(self.upstream.home)
        self.assertEqual(len(running), 1)
        how()
        support.wait_for_end(running[0])
        self.assertEqual(self.upstream.get("/ended/1")["ended"], "disconnected")

    @support.needs_proc
    def test_quitting(self):
        """quitting Emacs leaves no process"""
        self.leave(lambda: self.terminal.type("C-x", "C-c"))

    @support.needs_proc
    def test_killing(self):
        """an Emacs that is killed leaves no process"""
        emacs = int(self.terminal.tmux("display-message", "-p", "#{pane_pid}"))
        self.leave(lambda: os.kill(emacs, signal.SIGKILL))

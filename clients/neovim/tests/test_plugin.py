import os
import re
import subprocess
import tempfile

import nvim
import support
from case import Case

PLUGIN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Login(Case):
    def test_key(self):
        """a key is asked for unseen, stored, and nowhere to be read in Neovim"""
        self.nvim.type(":PatchbayLogin groq apiKey<CR>")
        self.nvim.wait_for("API key")
        self.nvim.type("gsk-typed-secret")
        self.nvim.wait_for("****************")
        self.assertNotIn("gsk-typed-secret", self.nvim.screen.text())
        self.nvim.type("<CR>")
        self.nvim.wait_event("PatchbayLogin")
        self.assertIn("logged in to groq", self.nvim.told())
        with open(os.path.join(self.upstream.home, "data", "auth.json"), encoding="utf-8") as file:
            self.assertIn("gsk-typed-secret", file.read())
        self.assertNotIn("gsk-typed-secret", self.nvim.call("nvim_exec", "messages | history all", True))

    def test_given_up(self):
        """escaping from the question ends the login, and nothing is stored"""
        self.nvim.type(":PatchbayLogin groq<CR>")
        self.nvim.wait_for("API key")
        self.nvim.type("half<Esc>")
        self.nvim.wait_event("PatchbayLogin")
        self.assertIn("nothing is stored", self.nvim.told())
        self.assertFalse(os.path.exists(os.path.join(self.upstream.home, "data", "auth.json")))

    def test_chosen(self):
        """provider and method are chosen by vim.ui.select"""
        self.choose("Groq")
        self.nvim.type(":PatchbayLogin<CR>")
        self.nvim.wait_for("API key")
        self.nvim.type("gsk-chosen<CR>")
        self.nvim.wait_event("PatchbayLogin")
        self.assertIn("logged in to groq", self.nvim.told())

    def test_browser(self):
        """an address is shown in a window, <CR> opens it, p types in a code, and <C-c> ends the login"""
        self.nvim.lua("vim.ui.open = function(url) _G.opened = url end")
        self.nvim.type(":PatchbayLogin anthropic oauth<CR>")
        self.nvim.wait_for("<CR> opens the address, p types it in, <C-c> ends the login.")
        self.nvim.type("<CR>")
        self.nvim.wait(lambda: self.nvim.lua("return _G.opened"), "the opening")
        self.assertIn(self.nvim.lua("return _G.opened"), self.nvim.text())
        self.nvim.type("p")
        self.nvim.wait_for("\nCode:")
        self.nvim.type("http://localhost/callback?code=abc&state=wrong<CR>")
        # The server says why that does not fit, and asks again.
        self.nvim.wait(lambda: "that belongs to another login" in self.nvim.text(), "the second question")
        self.nvim.wait_for("p types it in")
        self.nvim.type("<C-c>")
        self.nvim.wait_event("PatchbayLogin")
        self.assertIn("nothing is stored", self.nvim.told())
        self.nvim.wait(lambda: "https://" not in self.nvim.screen.text(), "the closing")

    def test_unknown(self):
        """an unknown provider is told of in the server's words"""
        self.nvim.type(":PatchbayLogin nobody<CR>")
        self.nvim.wait_event("PatchbayLogin")
        self.assertIn("nobody", self.nvim.told())


class Options(Case):
    def problem(self, options):
        return self.nvim.lua(
            f"local done, problem = pcall(require('patchbay').setup, {options}) return done and '' or problem")

    def test_checked(self):
        """setup() names what is wrong with an option, and the nearest one that exists"""
        for options, problem in (
            ("{ chat = { opne = 'split' } }", "patchbay: there is no option `chat.opne`; did you mean `chat.open`?"),
            ("{ modle = 'a/b' }", "patchbay: there is no option `modle`; did you mean `model`?"),
            ("{ zzz = 1 }", "patchbay: there is no option `zzz`; there are: chat, command, edit, inline, model"),
            ("{ model = 3 }", "patchbay: `model` is a string; got 3"),
            ("{ command = 'patchbay' }", "patchbay: `command` is a table; got \"patchbay\""),
            ("{ command = {} }", "patchbay: `command` is a list of the program and its arguments, such as "
                                 "{ \"patchbay\", \"serve\" }"),
            ("{ inline = { debounce = -1 } }",
             "patchbay: `inline.debounce` is a whole number, not below 0; got -1"),
            ("{ inline = { mappings = { accept = 7 } } }",
             "patchbay: `inline.mappings.accept` is a key, or false for none; got 7"),
            ("'yes'", "patchbay: setup() takes a table of options"),
            ("{ chat = { mappings = { send = false } }, inline = { model = 'echo' } }", ""),
        ):
            with self.subTest(options):
                self.assertEqual(self.problem(options), problem)

    def test_used(self):
        """options have their effect: the model, the window, the keys, the system prompt"""
        self.nvim.quit()
        self.nvim = self.start("{ model = 'loop', chat = { open = 'tabnew', system = 'Be brief.', "
                               "mappings = { send_insert = '<C-g>' } } }")
        self.ask("hello<C-g>")
        self.answered()
        self.assertEqual(self.nvim.lua("return vim.fn.tabpagenr()"), 2)
        messages = self.upstream.requests()[0]["body"]["messages"]
        self.assertEqual(messages[0], {"role": "system", "content": "Be brief."})

    @support.needs_proc
    def test_statusline(self):
        """the statusline tells who answers, the cost and what is being written"""
        self.nvim.lua("vim.opt.laststatus = 2")
        self.nvim.lua("vim.opt.statusline = \"[%{v:lua.require'patchbay'.statusline()}]\"")
        self.nvim.wait_for("[]")
        self.assertEqual(support.servers(self.upstream.home), [])
        self.ask("!wait")
        self.nvim.wait_for("waiting")
        self.nvim.wait_for("[loop/looped …]")
        self.upstream.get("/release")
        self.answered()
        self.nvim.wait(lambda: re.search(r"\[loop/looped \$0\.00\d\d\]", self.nvim.screen.text()), "the cost")

    def test_health(self):
        """:checkhealth patchbay tells of the program, the providers and the default"""
        self.nvim.command("checkhealth patchbay")
        report = self.nvim.text()
        self.assertRegex(report, r"version \S+ answers, process \d+")
        self.assertRegex(report, r"ready: (.*, )?loop")
        self.assertIn("what answers when nothing is chosen: loop/looped", report)
        self.assertNotIn("ERROR", report)

    def test_health_without_program(self):
        """:checkhealth patchbay tells what to do when the program is missing"""
        self.nvim.quit()
        self.nvim = self.start("{ command = { 'no-such-patchbay' } }")
        self.nvim.command("checkhealth patchbay")
        self.assertIn("`no-such-patchbay` is not executable or not in PATH", self.nvim.text())

    def test_help(self):
        """the help has a tag for every command, and every command and option is in it"""
        folder = tempfile.mkdtemp()
        self.addCleanup(subprocess.run, ["rm", "-rf", folder], check=True)
        subprocess.run(["cp", "-r", os.path.join(PLUGIN, "doc"), folder], check=True)
        self.nvim.command(f"set rtp^={folder}")
        self.nvim.command(f"helptags {folder}/doc")
        commands = [name for name in self.nvim.call("nvim_get_commands", {}) if name.startswith("Patchbay")]
        self.assertGreater(len(commands), 8)
        for tag in [f":{name}" for name in commands] + ["patchbay", "patchbay-options", "patchbay.statusline()"]:
            self.nvim.command(f"help {tag}")
            self.assertEqual(self.nvim.lua("return vim.fn.expand('%:t')"), "patchbay.txt", tag)
        text = self.nvim.text()
        for name in self.nvim.lua("""local names = {}
          local function collect(options)
            for name, value in pairs(options) do
              names[#names + 1] = name
              if type(value) == 'table' and not value[1] then collect(value) end
            end
          end
          collect(require('patchbay.config').defaults)
          return names"""):
            self.assertRegex(text, rf"\b{name} = ")
        self.assertLessEqual(max(len(line) for line in self.nvim.lines()), 78)

    @support.needs_proc
    def test_loads_nothing(self):
        """starting Neovim loads and starts nothing of it"""
        bare = nvim.Nvim(self.upstream.home)
        self.addCleanup(bare.quit)
        loaded = self.nvim.lua("return vim.tbl_filter(function(n) return n:find('^patchbay') end, "
                               "vim.tbl_keys(package.loaded))")
        self.assertNotIn("patchbay.chat", loaded)
        self.assertEqual(support.servers(self.upstream.home), [])

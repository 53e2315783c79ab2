"""A test with an upstream and a Neovim of its own."""
import unittest

import nvim
import support


class Case(unittest.TestCase):
    setup = "{}"

    def setUp(self):
        self.upstream = support.Upstream()
        self.addCleanup(self.upstream.stop)
        self.nvim = self.start()

    def start(self, setup=None, **options):
        started = nvim.Nvim(self.upstream.home, setup or self.setup, **options)
        self.addCleanup(started.quit)
        return started

    def ask(self, question, chat=":Patchbay<CR>"):
        """Types a question into a chat and sends it, without leaving insert mode."""
        self.nvim.type(chat)
        self.nvim.type("GA" + question + "<C-s>")

    def answered(self):
        self.nvim.wait_event("PatchbayAnswered")

    def choose(self, words):
        """Lets `vim.ui.select` choose the first item that is shown with these words."""
        self.nvim.lua("""local words = ...
          vim.ui.select = function(items, options, choose)
            _G.offered = vim.tbl_map(options.format_item or tostring, items)
            for index, text in ipairs(_G.offered) do
              if text:find(words, 1, true) then return choose(items[index], index) end
            end
            choose(nil)
          end""", words)

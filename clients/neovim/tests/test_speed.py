"""Figures for the reader; nothing of the machine's speed is asserted."""
import os
import statistics

import support
from case import Case

# In Neovim: when each stamp that the upstream sent stands in the buffer, by the wall clock, and how long the main loop
# was away from a timer of 10 ms. The wall clock is what Lua can read in Neovim 0.7.
WATCH = """
local uv = vim.uv or vim.loop
local ffi = require('ffi')
ffi.cdef('typedef struct { long s; long ns; } patchbay_time; int clock_gettime(int, patchbay_time *);')
local time = ffi.new('patchbay_time')
local function now()
  ffi.C.clock_gettime(0, time)
  return tonumber(time.s) * 1e9 + tonumber(time.ns)
end
_G.delays, _G.gaps = {}, {}
vim.api.nvim_buf_attach(0, false, { on_lines = function(_, buffer, _, first, _, last)
  for _, line in ipairs(vim.api.nvim_buf_get_lines(buffer, first, last, false)) do
    local sent = line:match('@%d+,(%d+) $')
    if sent and sent ~= _G.seen then
      _G.seen = sent
      table.insert(_G.delays, (now() - tonumber(sent)) / 1e6)
    end
  end
end })
local timer, last = uv.new_timer(), uv.hrtime()
timer:start(10, 10, vim.schedule_wrap(function()
  local this = uv.hrtime()
  table.insert(_G.gaps, (this - last) / 1e6 - 10)
  last = this
end))
"""


class Speed(Case):
    def test_first_token(self):
        """the time from the upstream to the buffer is measured"""
        self.ask("warm")
        self.answered()
        self.nvim.lua(WATCH)
        for _ in range(10):
            self.nvim.type("!stamp<C-s>")
            self.answered()
        delays = sorted(self.nvim.lua("return _G.delays"))
        self.assertEqual(len(delays), 10)
        support.note(f"first token, upstream to buffer: median {statistics.median(delays):.1f} ms, "
                     f"most {delays[-1]:.1f} ms (goal 30 ms)")

    def measure(self, question, name):
        self.ask("warm")
        self.answered()
        self.nvim.lua(WATCH)
        self.nvim.type(question + "<C-s>")
        self.answered()
        gaps = self.nvim.lua("return _G.gaps")
        self.assertGreater(len(gaps), 2)
        support.note(f"main loop while {name} arrive: longest stall {max(gaps):.0f} ms, "
                     f"{sum(gap > 50 for gap in gaps)} over 50 ms (goal none); load {os.getloadavg()[0]:.0f}")

    def test_stalls_at_once(self):
        """the stalls of the main loop are measured while 5,000 deltas arrive at once"""
        self.measure("!count 5000", "5,000 deltas at once")

    def test_stalls_streaming(self):
        """the stalls of the main loop are measured while deltas arrive for seconds"""
        self.measure("!stamp 3000 1", "3,000 deltas, 1 ms apart,")

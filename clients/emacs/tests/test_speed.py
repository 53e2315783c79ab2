"""Figures for the reader; nothing of the machine's speed is asserted."""
import json
import os
import statistics

import support
from frame import Case


class Speed(Case):
    def measure(self, question, times=1):
        file = os.path.join(self.folder, "figures.json")
        self.evaluate("(load \"speed\")")
        self.chat()
        self.ask("warm")
        self.terminal.wait_for("tokens")
        for count in range(1, times + 1):
            self.evaluate(f'(speed-measure "{question}" "{file}" {count})')
            self.terminal.wait_for(f"measured {count}.")
        with open(file, encoding="utf-8") as figures:
            return json.load(figures)

    def test_first_token(self):
        """the time from the upstream to the buffer is measured"""
        delays = self.measure("!stamp", 10)["delays"]
        self.assertEqual(len(delays), 10)
        support.note(f"first token, upstream to buffer: median {statistics.median(delays):.1f} ms, "
                     f"most {max(delays):.1f} ms (goal 30 ms); load {os.getloadavg()[0]:.0f}")

    def tell_stalls(self, question, name):
        figures = self.measure(question)
        gaps, works = figures["gaps"], figures["works"]
        self.assertGreater(len(gaps), 2)
        support.note(f"main loop while {name} arrive: longest stall {max(gaps):.0f} ms, "
                     f"{sum(gap > 50 for gap in gaps)} over 50 ms (goal none); Emacs itself was at work for {max(works):.0f} ms at most, "
                     f"{sum(work > 50 for work in works)} times over 50 ms; load {os.getloadavg()[0]:.0f}")

    def test_stalls_at_once(self):
        """the stalls of the main loop are measured while 5,000 deltas arrive at once"""
        self.tell_stalls("!count 5000", "5,000 deltas at once")

    def test_stalls_streaming(self):
        """the stalls of the main loop are measured while deltas arrive for seconds"""
        self.tell_stalls("!stamp 1000 3", "1,000 deltas, 3 ms apart,")

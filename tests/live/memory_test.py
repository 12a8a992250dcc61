#!/usr/bin/env python3
"""Memory stays below 64 MiB, however many or large the messages are. The full run takes 100,000 and 41 MB each."""
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.case import FULL, Case, main  # noqa: E402
from support.postferry import binary  # noqa: E402

LIMIT_KIB = 64 * 1024


def is_sanitized():
    data = Path(binary()).read_bytes()
    return b"__asan_init" in data or b"__tsan_init" in data


@unittest.skipIf(is_sanitized(), "a sanitizer's shadow memory is not ours")
class Memory(Case):
    def peak(self, server, expect_messages):
        process = self.home.start("backup", server.url(), self.archive, "--json", password=server.secret())
        peak, status = 0, Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            try:
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
                peak = max(peak, int(line.split()[1]))
            except (OSError, StopIteration):
                pass  # it is ending
            time.sleep(.01)
        result = self.home.finish(process)
        self.assertEqual(result.code, 0, str(result))
        self.assertEqual(result.summary["listed"], expect_messages)
        self.assertGreater(peak, 0)
        return peak

    def test_many_small_messages(self):
        box = mailgen.sets("L") if FULL else mailgen.mailbox(seed=5, count=8000, median=1500, sigma=.2, awkward=False)
        with self.server().fill("alice", box) as server:
            self.assertLess(self.peak(server, box.count()), LIMIT_KIB)
            self.assertLess(self.peak(server, box.count()), LIMIT_KIB, "the second run")

    def test_large_messages(self):
        box = mailgen.sets("T") if FULL else mailgen.large_messages(4, 30 << 20)
        with self.server().fill("alice", box) as server:
            self.assertLess(self.peak(server, box.count()), LIMIT_KIB)


if __name__ == "__main__":
    main()

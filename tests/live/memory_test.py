#!/usr/bin/env python3
"""Memory stays below 64 MiB, however many or large the messages are. The full run takes 100,000 and 41 MB each."""
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.case import FULL, main  # noqa: E402
from support.postferry import binary  # noqa: E402
from support.pushcase import PASSWORDS, PushCase  # noqa: E402

LIMIT_KIB = 64 * 1024


def small_messages(count):
    return mailgen.mailbox(seed=5, count=count, median=1500, sigma=.2, awkward=False)


def is_sanitized():
    data = Path(binary()).read_bytes()
    return b"__asan_init" in data or b"__tsan_init" in data


@unittest.skipIf(is_sanitized(), "a sanitizer's shadow memory is not ours")
class MemoryCase(PushCase):
    def assert_small(self, box, *words, **more):
        """Runs to its end with the whole mailbox, and takes no more than it may."""
        process = self.home.start(*words, "--json", **more)
        peak_kib, status = 0, Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            try:
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
                peak_kib = max(peak_kib, int(line.split()[1]))
            except (OSError, StopIteration):
                pass  # it is ending
            time.sleep(.01)
        result = self.home.finish(process)
        self.assertEqual(result.code, 0, str(result))
        self.assertEqual((result.summary["listed"], result.summary["failed"]), (box.count(), 0))
        result.peak_kib = peak_kib
        self.assertGreater(peak_kib, 0)
        self.assertLess(peak_kib, LIMIT_KIB)
        return result


class Backup(MemoryCase):
    def backed_up(self, server, box):
        self.assert_small(box, "backup", server.url(), self.archive, password=server.secret())

    def test_of_many_small_messages(self):
        box = mailgen.sets("L") if FULL else small_messages(8000)
        with self.server().fill("alice", box) as server:
            self.backed_up(server, box)
            self.backed_up(server, box)

    def test_of_large_messages(self):
        box = mailgen.sets("T") if FULL else mailgen.large_messages(4, 30 << 20)
        with self.server().fill("alice", box) as server:
            self.backed_up(server, box)

    def test_of_a_drop(self):
        box = mailgen.in_one_folder(small_messages(100000 if FULL else 8000))
        with self.server().fill("alice", box) as server:
            for _ in range(2):
                self.assert_small(box, "backup", server.url("pop3"), self.archive, password=server.secret())


class Migration(MemoryCase):
    def migrated(self, box):
        server = self.server_
        return self.assert_small(box, "migrate", server.url(), server.url(user="bert"), env=PASSWORDS).summary

    def test_of_many_small_messages(self):
        box = small_messages(20000 if FULL else 5000)
        self.pair(box)
        self.assertEqual(self.migrated(box)["sent"], box.count())
        self.assertEqual(self.migrated(box)["held"], box.count())
        # what lies there is recognised by header
        for file in (self.home.root / "state" / "postferry").glob("push.db*"):
            file.unlink()
        self.assertEqual(self.migrated(box)["recognised"], box.count())

    @unittest.skipUnless(FULL, "400 MB, twice")
    def test_of_large_messages(self):
        box = mailgen.large_messages(10, 40 << 20)
        self.pair(box)
        self.assertEqual(self.migrated(box)["sent"], box.count())
        self.assertEqual(self.migrated(box)["held"], box.count())


if __name__ == "__main__":
    main()

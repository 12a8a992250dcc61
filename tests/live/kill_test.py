#!/usr/bin/env python3
"""Whatever moment a run ends at, the archive is sound, little is fetched again, and the next run completes it."""
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.archive_view import ArchiveView  # noqa: E402
from support.case import FULL, Case, main  # noqa: E402
from support.proxy import Proxy  # noqa: E402

MIB = 1 << 20
FETCHED_AGAIN = 16 * MIB


class Ended(Case):
    def setUp(self):
        super().setUp()
        self.source = self.server().fill("alice", mailgen.mailbox(seed=11, count=600, median=20000, largest=4 * MIB))
        self.source.start()
        self.expected = self.read(self.source)
        unique = {m.content: m.size for f in self.expected.values() for m in f.messages.values()}
        self.bytes = sum(unique.values())

    def words(self, proxy):
        return ["backup", self.source.url(port=proxy.port), self.archive, "--as", "imap:a@b", "--json"]

    # Starts a backup through `proxy`; signals it when `bytes` of bodies have passed.
    def signalled(self, proxy, after, which):
        process = self.home.start(*self.words(proxy), password="secret-of-alice")
        while proxy.body_bytes < after and process.poll() is None:
            time.sleep(.002)
        begin = time.monotonic()
        if process.poll() is None:
            process.send_signal(which)
        result = self.home.finish(process, timeout=60)
        return result, time.monotonic() - begin

    def completed(self, again=FETCHED_AGAIN, fetched=0):
        with Proxy(self.source.imap) as proxy:
            result = self.home.run(*self.words(proxy), password="secret-of-alice")
        self.assertEqual(result.code, 0, str(result))
        self.assert_balanced(result.summary)
        duplicates = sum(m.size for f in self.expected.values() for m in f.messages.values()) - self.bytes
        self.assertLessEqual(fetched + proxy.body_bytes, self.bytes + again + duplicates)
        self.assert_holds(self.expected)
        self.check("--read-data")
        return proxy

    def test_by_ctrl_c_it_commits_what_has_arrived(self):
        with Proxy(self.source.imap, rate=8 * MIB) as proxy:
            result, seconds = self.signalled(proxy, self.bytes // 3, signal.SIGINT)
        self.assertEqual(result.code, 130, str(result))
        self.assertLess(seconds, 10)
        self.assertFalse(result.summary["complete"])
        self.check()
        view = ArchiveView(self.archive)
        self.assertFalse(view.latest()["complete"])
        self.assertGreater(len(view.mails), 0)
        self.assertEqual(view.missing(), [])
        self.assertEqual(list((self.archive / "tmp").iterdir()), [])
        self.completed(again=4 * MIB, fetched=sum(size for size, *_ in view.mails.values()))

    def test_by_two_ctrl_cs_it_leaves_at_once(self):
        with Proxy(self.source.imap, stall_after=self.bytes // 3) as proxy:
            process = self.home.start(*self.words(proxy), password="secret-of-alice")
            while proxy.bytes <= self.bytes // 3 and process.poll() is None:
                time.sleep(.002)
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGINT)
            begin = time.monotonic()
            result = self.home.finish(process, timeout=30)
        self.assertEqual(result.code, 130, str(result))
        self.assertLess(time.monotonic() - begin, 10)
        self.completed()

    def test_by_a_silent_server_ctrl_c_still_ends_it(self):
        with Proxy(self.source.imap, stall_after=self.bytes // 4) as proxy:
            process = self.home.start(*self.words(proxy), password="secret-of-alice")
            while proxy.bytes <= self.bytes // 4 and process.poll() is None:
                time.sleep(.002)
            process.send_signal(signal.SIGTERM)
            begin = time.monotonic()
            result = self.home.finish(process, timeout=30)
        self.assertEqual(result.code, 130, str(result))
        self.assertLess(time.monotonic() - begin, 10)
        self.completed()

    def test_by_a_lost_network_it_says_come_back_later(self):
        with Proxy(self.source.imap, cut_after=self.bytes // 2) as proxy:
            result = self.home.run(*self.words(proxy), "--max-wait", "1", password="secret-of-alice")
        self.assertEqual(result.code, 75, str(result))
        self.assertGreater(len(ArchiveView(self.archive).mails), 0)
        self.check()
        self.completed()

    def test_killed_at_any_moment_it_is_sound_and_goes_on(self):
        times = 100 if FULL else 10
        seeded = random.Random(20240817)
        fetched = 0
        with Proxy(self.source.imap, rate=60 * MIB) as proxy:
            for kill in range(times):
                proxy.reset()
                # the later ones fall into the end of a run, when packs and the snapshot are published
                share = seeded.random() * (1.0 if kill % 2 else .3)
                result, _ = self.signalled(proxy, self.bytes * share / times * 2, signal.SIGKILL)
                fetched += proxy.body_bytes
                if kill % 3 == 0 and (self.archive / "postferry.json").exists():
                    self.check()
                if result.code == 0:
                    break
        # each kill may cost 16 MiB, or ten seconds of work
        self.completed(again=FETCHED_AGAIN * times, fetched=0)

    def test_killed_once_it_fetches_at_most_16_mib_again(self):
        for share in (.2, .5, .8, .99):
            with self.subTest(share):
                self.archive = self.folder / f"archive-{share}"
                with Proxy(self.source.imap) as proxy:
                    result, _ = self.signalled(proxy, self.bytes * share, signal.SIGKILL)
                    fetched = proxy.body_bytes
                self.assertIn(result.code, (-9, 0))
                if (self.archive / "postferry.json").exists():
                    self.check()
                self.completed(fetched=fetched)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Three IMAP accounts come together in one folder, and every copy arrives once, however often the run is killed."""
import random
import signal
import sys
import threading
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.case import FULL, main  # noqa: E402
from support.imap_relay import ImapRelay  # noqa: E402
from support.pushcase import USERS, PushCase  # noqa: E402
from support.relaycase import numbered  # noqa: E402

SOURCES = ("alice", "bert", "carol")
KILLS = 20 if FULL else 5
ENV = {"POSTFERRY_TO_PASSWORD": "secret-of-dora",
       **{f"POSTFERRY_FROM_PASSWORD_{i + 1}": USERS[user] for i, user in enumerate(SOURCES)}}


class Killer:
    """A rule that asks the server, and some milliseconds after the n-th APPEND kills the process."""

    def __init__(self, process, after, seconds):
        self.process, self.left, self.seconds = process, after, seconds

    def __call__(self, command):
        self.left -= command.appends()
        if self.left == 0 and command.appends():
            threading.Timer(self.seconds, self.process.send_signal, (signal.SIGKILL,)).start()


class ThreeAccounts(PushCase):
    def setUp(self):
        super().setUp()
        self.server_ = self.server(users={**USERS, "dora": "secret-of-dora"})

    def fill(self, more):
        """50 messages of its own in each account's INBOX, 30 in its Sent, and `more` in every INBOX."""
        for user in SOURCES:
            self.server_.fill(user, mailgen.Mailbox({"INBOX": numbered(user, 0, 50) + more,
                                                     "Sent": numbered(f"Sent-of-{user}", 0, 30)}))
        self.server_.start()
        self.sources = [Counter(m.content for name in ("INBOX", "Sent") for m in self.mailbox_of(user)[name].messages.values())
                        for user in SOURCES]

    def arrives(self, expected, *words):
        """Killed and started again, then once to its end, then once more for nothing."""
        chance = random.Random(str(words))
        # one APPEND a message, so that there is something between them
        with ImapRelay(self.server_.imap, without=("MULTIAPPEND",)) as relay:
            command = ("migrate", *(self.server_.url(user=user) for user in SOURCES), self.server_.url(user="dora", port=relay.port),
                       "--json", "--map", "Sent=INBOX", *words)
            killed = 0
            for _ in range(KILLS):
                process = self.home.start(*command, env=ENV)
                # early enough that what gets in meanwhile leaves something for the runs to come
                relay.rule = Killer(process, chance.randrange(1, expected.total() // (2 * KILLS)), chance.uniform(0, .01))
                killed += self.home.finish(process).code == -signal.SIGKILL
            relay.rule = None
            self.assertGreaterEqual(killed, KILLS * 3 // 4, "hardly any run was killed")
            found = self.command(*command, env=ENV)
            there = Counter(m.content for m in self.mailbox_of("dora")["INBOX"].messages.values())
            self.assertEqual(there - expected, Counter(), f"too much\n{found}")
            self.assertEqual(expected - there, Counter(), f"missing\n{found}")
            again = [e for e in self.command(*command, env=ENV).events if e["event"] == "summary" and "to" in e]
            self.assertEqual([(e["sent"], e["failed"], e["complete"]) for e in again], [(0, 0, True)] * 3, again)

    def test_with_mail_of_their_own(self):
        self.fill([])
        self.arrives(sum(self.sources, Counter()))

    def test_with_mail_that_reached_all_of_them_and_is_kept_as_often(self):
        self.fill(numbered("all", 0, 20))
        self.arrives(sum(self.sources, Counter()), "--keep-all")

    @unittest.skipUnless(FULL, "each kill costs three seconds")
    def test_with_mail_that_reached_all_of_them_and_is_merged(self):
        self.fill(numbered("all", 0, 20))
        mine, yours, theirs = self.sources
        self.arrives(mine | yours | theirs)


if __name__ == "__main__":
    main()

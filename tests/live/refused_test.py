#!/usr/bin/env python3
"""What a destination refuses is named and tried again by the next run; nothing else is missing, and nothing is there twice."""
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.case import main  # noqa: E402
from support.imap_relay import ImapRelay, Refused  # noqa: E402
from support.pushcase import PushCase, contents  # noqa: E402

DATE = 1600000000


def numbered(folder, first, end):
    text = "Message-ID: <{0}@{1}.example.net>\nFrom: Ann <ann@example.net>\nSubject: number {0} of {1}\n\nbody {0}\n"
    return [mailgen.Mail(text.format(i, folder).encode(), DATE + i, "S") for i in range(first, end)]


class RefusedCase(PushCase):
    """30 messages in INBOX, 10 in Work, and bert's server behind a relay."""

    def setUp(self):
        super().setUp()
        server = self.pair(mailgen.Mailbox({"INBOX": numbered("INBOX", 0, 30), "Work": numbered("Work", 0, 10)}))
        self.source = contents(self.mailbox_of("alice"))
        self.relays = {}
        for name, without in {"together": (), "singly": ("MULTIAPPEND",)}.items():
            relay = self.relays[name] = ImapRelay(server.imap, without=without).__enter__()
            self.addCleanup(relay.stop)

    def to(self, way, rule, *words, under="", expect=0):
        relay = self.relays[way]
        relay.reset()
        relay.rule = rule
        more = ("--under", under) if under else ()
        return self.migrate(*more, *words, to=self.server_.url(user="bert", port=relay.port), expect=expect)

    def missing(self, under=""):
        """folder -> what of the source does not lie there; that nothing is there which should not is asserted."""
        there = contents(self.mailbox_of("bert"))
        out = {}
        for name, mine in self.source.items():
            found = there.get(f"{under}/{name}" if under else name, Counter())
            self.assertEqual(found - mine, Counter(), f"{name}: too much")
            if mine != found:
                out[name] = (mine - found).total()
        return out

    def ends_complete(self, way, missing, under=""):
        """Run again when the cause is gone."""
        again = self.to(way, None, under=under).summary
        self.assertEqual((again["stored"], again["failed"], again["sent"]), (missing, 0, missing), again)
        self.assertEqual(self.missing(under), {})


SEVEN = b"Subject: number 7 of INBOX"


class OneMessage(RefusedCase):
    def test_refused_is_named_and_the_rest_arrives(self):
        answers = ["NO [OVERQUOTA] Quota exceeded (mailbox for user is full)", "NO [TOOBIG] Message is too big",
                   "NO [LIMIT] Too many messages in this folder", "NO Message contains invalid header", "BAD Invalid message",
                   "NO [SERVERBUG] Internal error occurred"]
        for number, answer in enumerate(answers):
            for way in self.relays:
                with self.subTest(answer, way=way):
                    under = f"{way} {number}"
                    result = self.to(way, lambda c: Refused(answer) if c.appends(SEVEN) else None, under=under, expect=3)
                    self.assertEqual((result.summary["stored"], result.summary["failed"]), (39, 1), str(result))
                    [failed] = [e for e in result.events if e["event"] == "failed"]
                    self.assertEqual((failed["folder"], failed["uid"], failed["subject"]), ("INBOX", 8, "number 7 of INBOX"))
                    self.assertIn(answer.split(" ", 1)[1], failed["reason"])
                    self.assertIn("uid 8:", result.err)
                    self.assertEqual(self.missing(under), {"INBOX": 1})
                    self.ends_complete(way, 1, under)

    def test_throttled_once_arrives_in_the_same_run(self):
        for number, answer in enumerate(THROTTLED):
            for way in self.relays:
                with self.subTest(answer, way=way):
                    once = [Refused(answer)]
                    under = f"{way} {number}"
                    result = self.to(way, lambda c: once.pop() if c.appends(SEVEN) and once else None, under=under)
                    self.assertEqual(result.summary["sent"], 40, str(result))
                    self.assertIn("waiting", [e["event"] for e in result.events])
                    self.assertEqual(self.missing(under), {})

    def test_throttled_for_longer_than_we_wait_is_75_and_arrives_later(self):
        for number, answer in enumerate(THROTTLED):
            for way in self.relays:
                with self.subTest(answer, way=way):
                    under = f"{way} {number}"
                    result = self.to(way, lambda c: Refused(answer) if c.appends(SEVEN) else None, "--max-wait", "0", under=under,
                                     expect=75)
                    self.assertFalse(result.summary["complete"])
                    missing = self.missing(under)
                    self.assertGreater(missing["INBOX"], 0, "the test refuses nothing")
                    done = {e["folder"]: e["stored"] for e in result.events if e["event"] == "folder_done"}
                    self.assertLessEqual(done["INBOX"], 30 - missing["INBOX"], "what is not there was not stored")
                    self.assertIn(answer.split(" ", 1)[1], result.err)
                    self.ends_complete(way, sum(missing.values()), under)


THROTTLED = ["NO [UNAVAILABLE] Temporarily unavailable", "NO [LIMIT] Rate limit hit", "NO [THROTTLED] Slow down",
             "BAD Too many requests"]

if __name__ == "__main__":
    main()

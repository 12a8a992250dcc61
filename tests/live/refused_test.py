#!/usr/bin/env python3
"""What a destination refuses is named and tried again by the next run; nothing else is missing, and nothing is there twice."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support.case import main  # noqa: E402
from support.imap_relay import Refused  # noqa: E402
from support.relaycase import RelayCase  # noqa: E402

SEVEN = b"Subject: number 7 of INBOX"


class OneMessage(RelayCase):
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

    def test_put_off_for_ever_is_named_and_the_rest_arrives(self):
        for way in self.relays:
            with self.subTest(way):
                result = self.to(way, lambda c: Refused(THROTTLED[0]) if c.appends(SEVEN) else None, "--max-wait", "5", under=way,
                                 expect=3)
                self.assertEqual((result.summary["stored"], result.summary["failed"]), (39, 1), str(result))
                [failed] = [e for e in result.events if e["event"] == "failed"]
                self.assertEqual((failed["folder"], failed["uid"], failed["subject"]), ("INBOX", 8, "number 7 of INBOX"))
                self.assertEqual(self.missing(way), {"INBOX": 1})
                self.ends_complete(way, 1, way)

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

#!/usr/bin/env python3
"""A folder, a keyword or a message that a destination cannot stand costs nothing but itself, and comes when the cause is gone."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support.case import FULL, main  # noqa: E402
from support.imap_relay import HungUp, Instead, Refused  # noqa: E402
from support.relaycase import RelayCase, numbered  # noqa: E402

SEVEN = b"Subject: number 7 of INBOX"
# each of these runs waits several times for what a lost session may have left
WAYS = ("together", "singly") if FULL else ("together",)


def about_work(command, verb):
    return command.line.startswith(verb + " ") and "/Work" in command.line


class Folder(RelayCase):
    def costs_itself(self, rule, reason):
        result = self.to("together", rule, under="Old", expect=3)
        self.assertEqual((result.summary["stored"], result.summary["failed"]), (30, 10), str(result))
        self.assertFalse(result.summary["complete"])
        self.assertIn("folder failed: Work: ", result.err)
        self.assertIn(reason, result.err)
        [done] = [e for e in result.events if e["event"] == "folder_done" and e["folder"] == "Work"]
        self.assertIn(reason, done["problem"])
        self.assertEqual(done["stored"], 0)
        self.assertEqual(self.missing("Old"), {"Work": 10})
        self.ends_complete("together", 10, "Old")

    def test_opened_read_only_is_named_and_the_rest_arrives(self):
        self.costs_itself(lambda c: Instead(c.line.replace("SELECT", "EXAMINE", 1)) if about_work(c, "SELECT") else None,
                          "the server opens it read-only")

    def test_that_cannot_be_made_is_named_and_the_rest_arrives(self):
        self.costs_itself(lambda c: Refused("NO [CANNOT] No such names here") if about_work(c, "CREATE") else None,
                          "No such names here")


class Keyword(RelayCase):
    MAIL = {"INBOX": numbered("INBOX", 0, 30)}
    MAIL["INBOX"][7].keywords = ("Wichtig", "NonJunk")

    def test_refused_is_named_and_its_message_arrives_without_it(self):
        for way in self.relays:
            with self.subTest(way):
                result = self.to(way, lambda c: Refused("NO Keyword Wichtig is not allowed") if "Wichtig" in c.line else None, under=way)
                self.assertEqual((result.summary["stored"], result.summary["sent"]), (30, 30), str(result))
                self.assertIn(f'{way}/INBOX: the server takes no keyword "Wichtig": 1 messages are there without it', result.err)
                there = self.mailbox_of("bert")[f"{way}/INBOX"].messages.values()
                self.assertEqual(sorted(m.content for m in there), sorted(content for content, _ in self.source["INBOX"]))
                self.assertEqual([m.flags for m in there if len(m.flags) > 1], [{"\\Seen", "NonJunk"}])
                self.assertEqual(self.to(way, None, under=way).summary["sent"], 0)


class Message(RelayCase):
    def test_that_ends_every_connection_is_named_and_the_rest_arrives(self):
        for way in WAYS:
            with self.subTest(way):
                result = self.to(way, lambda c: HungUp() if c.appends(SEVEN) else None, under=way, expect=3)
                self.assertEqual((result.summary["stored"], result.summary["failed"]), (39, 1), str(result))
                [failed] = [e for e in result.events if e["event"] == "failed"]
                self.assertEqual((failed["folder"], failed["uid"], failed["subject"]), ("INBOX", 8, "number 7 of INBOX"))
                self.assertIn("uid 8:", result.err)
                self.assertEqual(self.missing(way), {"INBOX": 1})
                self.ends_complete(way, 1, way)


if __name__ == "__main__":
    main()

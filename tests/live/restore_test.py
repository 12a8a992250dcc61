#!/usr/bin/env python3
"""A restore puts a snapshot back: all of it, a folder, a day, one message; into an empty and into a living mailbox."""
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, truth  # noqa: E402
from support.archive_view import ArchiveView, packs  # noqa: E402
from support.case import instant_and_zone, main  # noqa: E402
from support.proxy import Proxy  # noqa: E402
from support.pushcase import USERS, PushCase, appends, contents  # noqa: E402


class Restore(PushCase):
    def setUp(self):
        super().setUp()
        self.pair(mailgen.mailbox(count=150, largest=60000))
        self.before = self.mailbox_of("alice")
        self.count = sum(len(f.messages) for f in self.before.values())
        self.backup(self.server_.url())

    def restore(self, *words, to=None, expect=0):
        result = self.command("restore", self.archive, to or self.server_.url(user="bert"), "--json", *words, expect=expect)
        if "--dry-run" not in words and expect in (0, 3):
            self.assert_balanced(result.summary)
        return result

    def test_puts_a_whole_account_into_an_empty_one_once(self):
        first = self.restore().summary
        self.assertEqual((first["stored"], first["failed"]), (self.count, 0), first)
        self.assert_same_mail()
        self.compare("--deep", a=self.archive)
        self.compare(a=self.archive)
        again = self.restore().summary
        self.assertEqual((again["held"], again["sent"]), (self.count, 0), again)

    def test_into_the_living_mailbox_adds_only_what_is_missing(self):
        with truth.Imap(self.server_.imap) as here:
            here.examine(b"INBOX", "SELECT")
            here.ask("STORE 1:5 +FLAGS (\\Deleted)")
            here.ask("EXPUNGE")
            here.ask("APPEND INBOX {}", b"Message-ID: <new@x>\r\nSubject: new\r\n\r\nnew\r\n")
        env = {"POSTFERRY_TO_PASSWORD": USERS["alice"]}
        with Proxy(self.server_.imap) as proxy:
            result = self.command("restore", self.archive, self.server_.url(port=proxy.port), "--json", env=env).summary
        self.assertEqual(result["sent"], 5, result)
        found = Counter(m.content for m in self.mailbox_of("alice")["INBOX"].messages.values())
        self.assertEqual(Counter(m.content for m in self.before["INBOX"].messages.values()) - found, Counter())
        self.assertEqual(sum(found.values()), len(self.before["INBOX"].messages) + 1)

    def test_of_one_message_makes_no_other_folder(self):
        exact = self.read(self.server_)
        message = next(iter(exact["Work"].messages.values()))
        self.restore("--message", message.content[:16])
        copies = {name: sum(m.content == message.content for m in f.messages.values()) for name, f in exact.items()}
        found = contents(self.mailbox_of("bert"))
        self.assertEqual({n: sum(c.values()) for n, c in found.items() if c}, {n: c for n, c in copies.items() if c})
        self.restore("--message", "0123456789", expect=1)
        self.restore("--message", "xyz", expect=2)

    def test_of_a_folder_and_of_a_day(self):
        day = sorted(instant_and_zone(m.date)[0].date() for m in self.before["INBOX"].messages.values())[10]
        self.restore("--folder", "INBOX", "--since", day.isoformat())
        found = self.mailbox_of("bert")
        wanted = Counter(m.content for m in self.before["INBOX"].messages.values() if instant_and_zone(m.date)[0].date() >= day)
        self.assertEqual(Counter(m.content for m in found["INBOX"].messages.values()), wanted)
        self.assertNotIn("Work", found)
        self.restore("--folder", "Nowhere", expect=2)

    def test_of_an_earlier_day_has_what_was_there_then(self):
        first = ArchiveView(self.archive).latest()
        with truth.Imap(self.server_.imap) as here:
            here.examine(b"INBOX", "SELECT")
            here.ask("STORE 1:* +FLAGS (\\Deleted)")
            here.ask("EXPUNGE")
        self.backup(self.server_.url())
        snapshots = [e for e in self.command("snapshots", self.archive, "--json").events if e.get("event") == "snapshot"]
        self.restore("--folder", "INBOX")
        self.assertEqual(len(self.mailbox_of("bert")["INBOX"].messages), 0)
        oldest = min(snapshots, key=lambda e: e["seq"])
        self.restore("--folder", "INBOX", "--snapshot", oldest["id"][:8])
        self.assertEqual(len(self.mailbox_of("bert")["INBOX"].messages), len(self.before["INBOX"].messages), first["seq"])

    def test_names_what_the_archive_cannot_give_back(self):
        pack = max(packs(self.archive), key=lambda one: one.stat().st_size)  # the one that holds the mail
        pack.chmod(0o600)
        data = bytearray(pack.read_bytes())
        for part in (4, 3, 2):
            data[len(data) // part] ^= 0x40
        pack.write_bytes(data)
        result = self.restore(expect=5)
        self.assertGreater(result.summary["failed"], 0)
        self.assert_balanced(result.summary)
        self.assertEqual(result.summary["stored"] + result.summary["failed"], self.count)


class Compare(PushCase):
    def setUp(self):
        super().setUp()
        self.pair(mailgen.mailbox(count=100, largest=40000))
        self.migrate()

    def test_finds_what_is_missing_changed_and_too_much(self):
        with truth.Imap(self.server_.imap, "bert", USERS["bert"]) as there:
            there.examine(b"INBOX", "SELECT")
            there.ask("STORE 1:2 +FLAGS (\\Deleted)")
            there.ask("EXPUNGE")
            there.ask("STORE 3 +FLAGS ($Another)")
            there.ask("APPEND INBOX {}", b"Message-ID: <more@x>\r\nSubject: more\r\n\r\nmore\r\n")
        for words in ((), ("--deep",)):
            result = self.compare(*words, expect=3)
            found = result.summary
            self.assertEqual((found["only_a"], found["only_b"], found["other_flags"]), (2, 1, 1), found)
            self.assertFalse(found["complete"])
            self.assertEqual(len([e for e in result.events if e["event"] == "difference" and e["kind"] == "only_a"]), 2)

    def test_of_more_mail_in_b_is_complete(self):
        with truth.Imap(self.server_.imap, "bert", USERS["bert"]) as there:
            there.ask("APPEND INBOX {}", b"Message-ID: <more@x>\r\nSubject: more\r\n\r\nmore\r\n")
        self.assertTrue(self.compare("--deep").summary["complete"])

    def test_tells_another_body_under_the_same_header_only_by_reading_it(self):
        uid = max(self.mailbox_of("bert")["INBOX"].messages) + 1
        head = b"Message-ID: <twin@x>\r\nFrom: a@b\r\nSubject: twin\r\n\r\n"
        for user, body in (("alice", b"one\r\n"), ("bert", b"two\r\n")):
            with truth.Imap(self.server_.imap, user, USERS[user]) as imap:
                imap.ask('APPEND INBOX "01-Feb-2024 10:00:00 +0000" {}', head + body)
        self.compare()
        found = self.compare("--deep", expect=3)
        self.assertEqual(found.summary["other_content"], 1, found.summary)
        self.assertEqual([e["uid_b"] for e in found.events if e.get("kind") == "content"], [uid])


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Mail from POP3 goes into an IMAP account once, whatever the server makes of its UIDLs, and once from several drops."""
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, truth  # noqa: E402
from support.case import main  # noqa: E402
from support.faultserver import FaultyPop3  # noqa: E402
from support.proxy import Proxy  # noqa: E402
from support.pushcase import USERS, PushCase, appends, canonical  # noqa: E402


def messages(first, end, trace=b"", name=b"Message-ID: <%d@example.net>"):
    return [trace + name % i + b"\r\nSubject: %d\r\n\r\n.dot\r\n..\r\nbody %d\r\n" % (i, i) for i in range(first, end)]


class DropCase(PushCase):
    def setUp(self):
        super().setUp()
        server = self.pair(mailgen.Mailbox({}))
        self.proxy = Proxy(server.imap).__enter__()
        self.addCleanup(self.proxy.stop)

    def move(self, *drops, words=(), expect=0):
        """The summaries, one a drop, and how many APPENDs it took."""
        self.proxy.reset()
        env = {f"POSTFERRY_FROM_PASSWORD_{i + 1}": "secret-of-alice" for i in range(len(drops))} if len(drops) > 1 else {}
        to = self.server_.url(user="bert", port=self.proxy.port)
        result = self.command("migrate", *(drop.url() for drop in drops), to, "--json", *words, env=env, expect=expect)
        summaries = [e for e in result.events if e.get("event") == "summary" and "to" in e]
        for one in summaries:
            self.assert_balanced(one)
        return summaries, appends(self.proxy)

    def assert_there(self, *expected):
        there = Counter(m.content for m in self.mailbox_of("bert")["INBOX"].messages.values())
        self.assertEqual(there, Counter(canonical(raw) for raw in expected))


class Pop3Migration(DropCase):
    def test_without_sound_uidls_nothing_is_missing_when_numbers_move_up(self):
        for name, uidls in {"numbers": [str(i + 1) for i in range(20)], "doubled": ["x"] * 20}.items():
            with self.subTest(name), FaultyPop3(messages(0, 20, b"X-Case: %s\r\n" % name.encode()), uidls=uidls) as drop:
                self.move(drop, words=["--map", f"INBOX={name}"])
                del drop.messages[:5]
                drop.messages += messages(20, 25, b"X-Case: %s\r\n" % name.encode())
                drop.retrieved = 0
                [summary], _ = self.move(drop, words=["--map", f"INBOX={name}"])
                self.assertEqual((summary["held"], summary["stored"], drop.retrieved), (15, 5, 5))
                self.assertEqual(len(self.mailbox_of("bert")[name].messages), 25)

    def test_knows_mail_again_whose_uidls_have_all_changed_by_its_header(self):
        mail = messages(0, 30) + messages(30, 33, name=b"X-No-ID: %d")
        with FaultyPop3(mail) as drop:
            self.move(drop)
            drop.uidls = [f"new-{i}" for i in range(33)]
            drop.messages.reverse()
            drop.retrieved = 0
            [summary], sent = self.move(drop)
            self.assertEqual((sent, drop.retrieved, summary["held"]), (0, 3, 30), "those without Message-ID are read whole")
            drop.retrieved = 0
            [summary], sent = self.move(drop)
            self.assertEqual((sent, drop.retrieved, summary["held"]), (0, 0, 33), "the new UIDLs are known")
        self.assert_there(*mail)

    def test_a_uidl_that_has_come_to_name_another_message_skips_nothing(self):
        with FaultyPop3(messages(0, 5)) as drop:
            self.move(drop)
            new = b"Message-ID: <other@example.net>\r\n\r\nanother message, and of another size\r\n"
            drop.messages[2] = new
            self.move(drop)
            self.assert_there(*messages(0, 5), new)


class Flags(DropCase):
    """Of mail from a server that keeps it in an mbox and sends its bookkeeping along."""
    ENDS = {b"read": b"Status: RO\r\n", b"new": b"Status:   \r\n", b"answered": b"Status: RO\r\nX-Status: AFD\r\nX-UID: 3\r\n",
            b"old life": b"Status: RO\r\nX-Mailer: x\r\n", b"none": b"", b"no id": b"Status: RO\r\nX-Status: F\r\n"}

    def drop(self):
        mail = [(b"" if name == b"no id" else b"Message-ID: <%d@example.net>\r\n" % i)
                + b"Subject: %s\r\n%s\r\nbody %d\r\n" % (name, end, i) for i, (name, end) in enumerate(self.ENDS.items())]
        return FaultyPop3(mail)

    def flags_there(self):
        """subject -> flags, of all that lies in bert's INBOX"""
        found = self.mailbox_of("bert")["INBOX"].messages
        self.assertEqual(len(found), len(self.ENDS))
        return {list(self.ENDS)[uid - 1].decode(): found[uid].flags for uid in found}

    CARRIED = {"read": {"\\Seen"}, "new": set(), "answered": {"\\Seen", "\\Answered", "\\Flagged"}, "old life": set(), "none": set(),
               "no id": {"\\Seen", "\\Flagged"}}

    def change_all_there(self):
        with truth.Imap(self.server_.imap, "bert", USERS["bert"]) as there:
            there.examine(b"INBOX", "SELECT")
            there.ask("STORE 1,3,6 -FLAGS (\\Seen \\Flagged)")
            there.ask("STORE 2,4 +FLAGS (\\Seen)")
        return {**self.CARRIED, "read": set(), "new": {"\\Seen"}, "answered": {"\\Answered"}, "old life": {"\\Seen"}, "no id": set()}

    def test_arrive_with_new_mail_and_are_never_changed_again(self):
        with self.drop() as drop:
            self.move(drop)
            self.assertEqual(self.flags_there(), self.CARRIED)
            changed = self.change_all_there()
            for words in ([], ["--flags", "update"], ["--seen"]):
                _, sent = self.move(drop, words=words)
                self.assertEqual((sent, self.flags_there()), (0, changed), words)
            drop.uidls = [f"other-{i}" for i in range(len(self.ENDS))]
            _, sent = self.move(drop)
            self.assertEqual((sent, self.flags_there()), (0, changed), "known by header, or by content")
            (self.home.root / "state" / "postferry" / "push.db").unlink()
            _, sent = self.move(drop)
            self.assertEqual((sent, self.flags_there()), (0, changed), "without the ledger")

    def test_are_not_taken_back_by_seen(self):
        with self.drop() as drop:
            self.move(drop, words=["--seen"])
            self.assertEqual(self.flags_there(), {name: flags | {"\\Seen"} for name, flags in self.CARRIED.items()})

    def test_lie_in_the_archive_from_run_to_run_and_come_back(self):
        archive = str(self.home.root / "archive")
        with self.drop() as drop:
            for stored in (len(self.ENDS), 0):
                result = self.command("backup", drop.url(), archive, "--json", env={"POSTFERRY_PASSWORD": "secret-of-alice"})
                self.assertEqual((result.summary["stored"], result.summary["reflagged"]), (stored, 0))
        self.command("restore", archive, self.server_.url(user="bert"))
        self.assertEqual(self.flags_there(), self.CARRIED)


class Several(DropCase):
    def drops(self):
        """Three accounts, 30 of 100 messages in each pair of neighbours; one account has one of them twice."""
        first = messages(0, 100, b"Received: by a.example; Mon, 6 Jan 2020 10:00:00 +0000\r\n")
        second = messages(70, 170, b"Received: by b.example; Mon, 6 Jan 2020 11:00:00 +0000\r\nDelivered-To: b@example\r\n")
        third = messages(140, 240, b"Return-Path: <x@example>\r\nReceived: by c.example; Mon, 6 Jan 2020 12:00:00 +0000\r\n")
        first.append(first[80])
        return first, second, third

    def test_mail_that_reached_two_drops_arrives_once(self):
        a, b, c = self.drops()
        expected = a + b[30:] + c[30:]
        with FaultyPop3(a) as one, FaultyPop3(b) as two, FaultyPop3(c) as three:
            summaries, _ = self.move(one, two, three)
            self.assertEqual([s["sent"] for s in summaries], [101, 70, 70])
            self.assertEqual([s["dated_by_received"] for s in summaries], [101, 70, 70])
            self.assertEqual([s["merged"] for s in summaries], [0, 30, 30])
            self.assert_there(*expected)
            summaries, sent = self.move(one, two, three)
            self.assertEqual((sent, [s["held"] for s in summaries]), (0, [101, 100, 100]))
            (self.home.root / "state" / "postferry" / "push.db").unlink()
            _, sent = self.move(one, two, three)
            self.assertEqual(sent, 0, "without the ledger")
            self.assert_there(*expected)
            self.move(one, two, three, words=["--keep-all"])
            self.assert_there(*a, *b, *c)


if __name__ == "__main__":
    main()

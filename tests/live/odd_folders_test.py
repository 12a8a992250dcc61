#!/usr/bin/env python3
"""A destination folder that was made again under its old UIDVALIDITY, and folders whose names begin with a tilde."""
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, truth  # noqa: E402
from support.case import main  # noqa: E402
from support.cyrus import Cyrus  # noqa: E402
from support.pushcase import USERS, PushCase, contents  # noqa: E402
from support.relaycase import numbered  # noqa: E402


class MadeAgain(PushCase):
    def setUp(self):
        super().setUp()
        self.pair(mailgen.Mailbox({"INBOX": numbered("INBOX", 0, 5), "Work": numbered("Work", 0, 20)}))
        self.source = contents(self.mailbox_of("alice"))

    def make_again(self, other_mail=0):
        """Work of bert is deleted, made, and has its old UIDVALIDITY and `other_mail` messages of somebody else."""
        with truth.Imap(self.server_.imap, "bert", USERS["bert"]) as there:
            before = there.examine(b"Work")
            there.ask("CLOSE")
            there.ask("DELETE Work")
        self.server_.doveadm("mailbox", "create", "-u", "bert", "Work")
        self.server_.doveadm("mailbox", "update", "-u", "bert", "--uid-validity", before["UIDVALIDITY"], "Work")
        with truth.Imap(self.server_.imap, "bert", USERS["bert"]) as there:
            for number in range(other_mail):
                there.ask("APPEND Work {}", b"Message-ID: <other-%d@example.net>\r\nSubject: other\r\n\r\nsomebody else's\r\n" % number)
            now = there.examine(b"Work")
        self.assertEqual(now, {"UIDVALIDITY": before["UIDVALIDITY"], "UIDNEXT": other_mail + 1})

    def test_under_its_old_uidvalidity_it_gets_everything_again(self):
        for other_mail in (0, 7, 20, 40):
            with self.subTest(other_mail=other_mail):
                self.migrate()
                self.make_again(other_mail)
                again = self.migrate().summary
                self.assertEqual((again["held"], again["sent"]), (5, 20), again)
                there = contents(self.mailbox_of("bert"))
                self.assertEqual((self.source["Work"] - there["Work"], there["Work"].total()), (Counter(), 20 + other_mail))
                self.assertEqual(there["INBOX"], self.source["INBOX"])
                again = self.migrate().summary
                self.assertEqual((again["held"], again["sent"]), (25, 0), again)


class Tilde(PushCase):
    """Cyrus has nothing against such names. Dovecot takes none, and shows one that lies on its disk as one that cannot be opened."""

    AT = {"One": "~", "Two": "~root", "Two/Three": "~root/Three", "Four/Five": "Four/~mail"}
    WORDS = ("--map", "One=~", "--map", "Two=~root", "--map", "Four/Five=Four/~mail")
    # only the beginning of the whole name is special
    REPLACED = {"~": "=7E", "~root": "=7Eroot", "~root/Three": "=7Eroot/Three"}

    def setUp(self):
        super().setUp()
        self.pair(mailgen.Mailbox({"INBOX": [], **{name: numbered(f"F{i}", 0, 5) for i, name in enumerate(self.AT)}}))
        source = contents(self.mailbox_of("alice"))
        self.expected = {there: source[name] for name, there in self.AT.items()}

    def carried(self, *words, **more):
        """Once, and then nothing any more. The first run's result."""
        first = self.migrate(*words, **more)
        self.assertEqual((first.summary["stored"], first.summary["sent"]), (20, 20), str(first))
        again = self.migrate(*words, **more).summary
        self.assertEqual((again["held"], again["sent"]), (20, 0), again)
        return first

    def assert_there(self, mailbox, names=None):
        there = {name: messages for name, messages in contents(mailbox).items() if messages}
        self.assertEqual(there, {(names or {}).get(name, name): messages for name, messages in self.expected.items()})

    def assert_replaced(self, result):
        for name, instead in self.REPLACED.items():
            self.assertIn(f"{name}: the server refuses this name; the folder is called {instead} there\n", result.err)

    def test_begins_a_name_at_the_destination_and_at_the_source(self):
        with Cyrus(self.home.root / "cyrus", users={user: USERS[user] for user in ("bert", "carol")}) as cyrus:
            self.carried(*self.WORDS, to=cyrus.url(user="bert"))
            self.assert_there(self.mailbox_of("bert", cyrus))
            env = {"POSTFERRY_FROM_PASSWORD": USERS["bert"], "POSTFERRY_TO_PASSWORD": USERS["carol"]}
            self.carried(source=cyrus.url(user="bert"), to=cyrus.url(user="carol"), env=env)
            self.assert_there(self.mailbox_of("carol", cyrus))
            replaced = self.carried(source=cyrus.url(user="bert"), to=self.server_.url(user="carol"), env=env)
            self.assert_replaced(replaced)
            self.assert_there(self.mailbox_of("carol"), self.REPLACED)

    def test_that_the_source_hides_is_told(self):
        [inbox] = (self.server_.root / "mail" / "alice").glob("inbox")
        hidden = inbox.parent / "folders" / "~hidden"
        for part in ("cur", "new", "tmp"):
            (hidden / part).mkdir(parents=True)
        (hidden / "new" / "1.mail").write_bytes(b"Subject: nobody sees me\n\nx\n")
        result = self.migrate()
        self.assertIn("~hidden: the server says that it cannot be opened", result.err)
        self.assertEqual(result.summary["stored"], 20)

    def test_that_the_destination_does_not_take_is_replaced_and_named(self):
        self.assert_replaced(self.carried(*self.WORDS))
        self.assert_there(self.mailbox_of("bert"), self.REPLACED)


if __name__ == "__main__":
    main()

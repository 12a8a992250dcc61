#!/usr/bin/env python3
"""A migration brings every message once, however often it is stopped, cut off or run again."""
import random
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, truth  # noqa: E402
from support.case import FULL, main  # noqa: E402
from support.proxy import Proxy  # noqa: E402
from support.pushcase import PASSWORDS, USERS, PushCase, appends, contents  # noqa: E402


class Migration(PushCase):
    def whole(self, **more):
        server = self.pair(mailgen.sets("awkward" if FULL else "small"), **more)
        before = self.mailbox_of("alice")
        count = sum(len(folder.messages) for folder in before.values())
        first = self.migrate().summary
        self.assertEqual((first["listed"], first["stored"], first["failed"], first["sent"]), (count, count, 0, count), first)
        self.assertTrue(first["complete"])
        self.assert_same_mail()
        self.assertEqual(self.mailbox_of("alice"), before, "the source has changed")
        found = self.compare("--deep").summary
        self.assertEqual((found["same"], found["only_a"], found["other_flags"], found["other_date"]), (count, 0, 0, 0), found)
        self.compare()
        with Proxy(server.imap) as proxy:
            again = self.migrate(to=server.url(user="bert", port=proxy.port).replace("127.0.0.1", "localhost")).summary
            self.assertEqual(appends(proxy), 0, "the same account by another name")
            self.assertEqual(again["stored"], count, again)
            proxy.reset()
            second = self.migrate(to=server.url(user="bert", port=proxy.port).replace("127.0.0.1", "localhost")).summary
            self.assertEqual((appends(proxy), second["held"], second["stored"]), (0, count, 0), second)
        return server, count

    def test_brings_everything_from_a_maildir_and_nothing_twice(self):
        self.whole()

    def test_brings_everything_into_an_mdbox_and_nothing_twice(self):
        self.whole(store="mdbox")


class Again(PushCase):
    def setUp(self):
        super().setUp()
        self.pair(mailgen.mailbox(count=150, largest=60000))
        self.count = sum(len(f.messages) for f in self.mailbox_of("alice").values())

    def ledger(self):
        return self.home.root / "state" / "postferry" / "push.db"

    def counted(self, *words, expect=0):
        """Through a proxy of one port, so that the destination is always the same account."""
        if not hasattr(self, "proxy"):
            self.proxy = Proxy(self.server_.imap).__enter__()
            self.addCleanup(self.proxy.stop)
        self.proxy.reset()
        return self.migrate(*words, to=self.server_.url(user="bert", port=self.proxy.port), expect=expect).summary

    def test_sends_nothing(self):
        self.counted()
        self.assertEqual(self.ledger().stat().st_mode & 0o777, 0o600)
        summary = self.counted()
        self.assertEqual((appends(self.proxy), summary["held"]), (0, self.count), summary)

    def test_sends_nothing_without_its_ledger(self):
        self.counted()
        for file in self.ledger().parent.glob("push.db*"):
            file.unlink()
        summary = self.counted()
        self.assertEqual((appends(self.proxy), summary["recognised"]), (0, self.count), summary)
        self.assert_same_mail()

    def test_sends_nothing_where_another_client_has_put_the_mail(self):
        with truth.Imap(self.server_.imap, "bert", USERS["bert"]) as there, truth.Imap(self.server_.imap) as here:
            known = there.folders()
            for name, (wire, attributes) in here.folders().items():
                if "\\Noselect" in attributes:
                    continue
                if name not in known:
                    there.ask("CREATE {}", wire)
                here.examine(wire)
                bodies = {}
                messages = here.messages(keep=lambda uid, body, bodies=bodies: bodies.__setitem__(uid, body))
                for uid in messages:
                    there.ask("APPEND {} {}", wire, bodies[uid])
        summary = self.counted()
        self.assertEqual((appends(self.proxy), summary["recognised"]), (0, self.count), summary)

    def test_brings_everything_to_a_destination_that_was_emptied(self):
        self.counted()
        with truth.Imap(self.server_.imap, "bert", USERS["bert"]) as there:
            for wire, attributes in there.folders().values():
                if "\\Noselect" not in attributes:
                    there.examine(wire, "SELECT")
                    there.ask("STORE 1:* +FLAGS (\\Deleted)") if there.messages() else None
                    there.ask("EXPUNGE")
        self.counted()
        self.assert_same_mail()

    def test_keeps_what_was_read_at_the_destination_read(self):
        self.counted()
        with truth.Imap(self.server_.imap, "bert", USERS["bert"]) as there:
            there.examine(b"INBOX", "SELECT")
            there.ask("STORE 1:* +FLAGS (\\Seen)")
        self.counted()
        self.assertTrue(all("\\Seen" in m.flags for m in self.mailbox_of("bert")["INBOX"].messages.values()))

    def test_carries_only_what_changed_at_the_source(self):
        self.counted()
        with truth.Imap(self.server_.imap) as here:
            here.examine(b"INBOX", "SELECT")
            here.ask("STORE 1 +FLAGS (\\Flagged)")
            here.ask("APPEND INBOX {}", b"Message-ID: <new@x>\r\nSubject: new\r\n\r\nnew\r\n")
        summary = self.counted()
        self.assertEqual((summary["stored"], summary["reflagged"]), (1, 1), summary)
        self.assert_same_mail()


class Plan(PushCase):
    def test_of_a_dry_run_writes_nothing_anywhere(self):
        self.pair(mailgen.mailbox(count=40, largest=20000))
        before = self.mailbox_of("bert")
        result = self.migrate("--dry-run", "--map", "Work=Old/Work")
        self.assertEqual(self.mailbox_of("bert"), before)
        self.assertFalse((self.home.root / "state").exists(), "a dry run has written")
        planned = {e["folder"]: e for e in result.events if e["event"] == "planned"}
        self.assertEqual(planned["INBOX"]["to"], "INBOX")
        self.assertEqual(planned["Work"]["to"], "Old/Work")
        flight = [e for e in result.events if e["event"] == "preflight"][0]
        self.assertEqual(flight["messages"], sum(len(f.messages) for f in self.mailbox_of("alice").values()))
        self.assertAlmostEqual(flight["seconds_at_100_mbit"], flight["bytes"] * 8 / 100e6, delta=1)

    def test_refuses_an_account_that_would_be_copied_onto_itself(self):
        self.pair(mailgen.mailbox(count=5, awkward=False))
        own = {"POSTFERRY_TO_PASSWORD": USERS["alice"]}
        self.migrate(to=self.server_.url(), env=own, expect=2)
        self.migrate("--under", "Copy", "--folder", "INBOX", to=self.server_.url(), env=own)

    def test_puts_everything_below_a_folder(self):
        self.pair(mailgen.mailbox(count=30, largest=20000))
        self.migrate("--under", "Old")
        self.assertEqual(contents(self.mailbox_of("bert"))["Old/INBOX"], contents(self.mailbox_of("alice"))["INBOX"])
        self.compare("--deep", "--under", "Old")

    def test_is_a_job_of_the_configuration(self):
        server = self.pair(mailgen.mailbox(count=20, largest=20000))
        self.home.configure(f'''
[accounts.old]
host = "127.0.0.1"
port = {server.imaps}
user = "alice"
ca = "{server.ca}"
password_command = ["echo", "{USERS['alice']}"]
[accounts.new]
host = "127.0.0.1"
port = {server.imaps}
user = "bert"
ca = "{server.ca}"
password_command = ["echo", "{USERS['bert']}"]
[jobs.move]
from = ["old"]
to = "new"
map = {{ "INBOX" = "Imported/Old" }}
flags = "add"
''')
        result = self.home.run("run", "move", "--json")
        self.assertEqual(result.code, 0, str(result))
        self.assert_balanced(result.summary)
        self.assertEqual(contents(self.mailbox_of("bert"))["Imported/Old"], contents(self.mailbox_of("alice"))["INBOX"])


class Together(PushCase):
    def test_two_folders_mapped_into_one_and_killed_keep_every_copy_once(self):
        self.pair(mailgen.mailbox(count=120, largest=40000))
        words = ("--map", "Sent=INBOX", "--map", "Work=INBOX")
        self.killed(words, 4)
        mine = contents(self.mailbox_of("alice"))
        self.assertEqual(contents(self.mailbox_of("bert"))["INBOX"], mine["INBOX"] + mine["Sent"] + mine["Work"])

    def test_killed_at_random_moments_it_ends_complete_and_nothing_is_there_twice(self):
        self.pair(mailgen.mailbox(count=250, largest=200000))
        self.killed((), 200 if FULL else 10)
        self.assert_same_mail()
        self.compare("--deep")

    def killed(self, words, times):
        chance = random.Random(7)
        command = ("migrate", self.server_.url(), self.server_.url(user="bert"), "--json", *words)
        for turn in range(times):
            process = self.home.start(*command, env=PASSWORDS)
            try:  # after a kill a run waits three seconds for what the server had begun: some die before, some after that
                process.communicate(timeout=chance.uniform(.05, .6) + 3 * (turn % 2))
            except Exception:  # it runs still
                process.send_signal(signal.SIGKILL)
                process.communicate()
        self.migrate(*words)

    def test_one_run_at_a_time_puts_mail_into_an_account(self):
        self.pair(mailgen.mailbox(count=100, largest=60000))
        with Proxy(self.server_.imap, delay=.05) as slow:
            first = self.home.start("migrate", self.server_.url(port=slow.port), self.server_.url(user="bert"), "--json", env=PASSWORDS)
            self.assertTrue(self.comes(lambda: slow.connections))
            self.migrate(expect=6)
            self.assertEqual(self.home.finish(first).code, 0)
        self.assert_same_mail()


class LostAnswers(PushCase):
    def test_of_an_append_make_no_second_copy(self):
        server = self.pair(mailgen.mailbox(count=60, largest=20000))
        port, expect = 0, (0, 3, 75)
        for attempt in range(20 if FULL else 8):
            cut_after = 1500 + attempt * (700 if FULL else 1750)
            with Proxy(server.imap, cut_after=cut_after, listen=port) as proxy:
                port = proxy.port  # it is part of the account's name: another one would be another destination
                result = self.home.run("migrate", server.url(), server.url(user="bert", port=port), "--json", "--max-wait", "0",
                                       env=PASSWORDS)
                self.assertIn(result.code, expect, str(result))
        with Proxy(server.imap, listen=port):
            self.migrate(to=server.url(user="bert", port=port))
        self.assert_same_mail()


if __name__ == "__main__":
    main()

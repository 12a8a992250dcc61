#!/usr/bin/env python3
"""A migration to Cyrus, which refuses names and mail, and to an account that mbsync has filled before."""
import email
import re
import subprocess
import sys
from email.header import decode_header
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, mbsync, truth  # noqa: E402
from support.case import FULL, main  # noqa: E402
from support.cyrus import Cyrus  # noqa: E402
from support.proxy import Proxy  # noqa: E402
from support.pushcase import USERS, PushCase, appends  # noqa: E402


class ToCyrus(PushCase):
    def test_brings_all_but_what_it_refuses_and_names_that(self):
        server = self.pair(mailgen.sets("awkward" if FULL else "small"))
        count = sum(len(folder.messages) for folder in self.mailbox_of("alice").values())
        # as it comes it writes X for each 8-bit byte of a header
        with Cyrus(self.home.root / "cyrus", users={"carol": "secret-of-carol"}, more="munge8bit: no") as cyrus, \
                Proxy(cyrus.imap) as proxy:
            there = {"POSTFERRY_TO_PASSWORD": "secret-of-carol"}
            to = cyrus.url(user="carol", port=proxy.port)
            refused, expect = 8, 3  # of the awkward kinds, each of which is there twice

            first = self.command("migrate", server.url(user="alice"), to, "--json", env=there, expect=expect)
            summary = first.summary
            failed = [event for event in first.events if event["event"] == "failed"]
            self.assertEqual((summary["listed"], summary["failed"], summary["stored"]), (count, refused, count - refused), summary)
            self.assertEqual(len(failed), refused)
            replaced = [e for e in first.events if e["event"] == "note" and "refuses this name" in e["text"]]
            self.assertEqual({e["folder"] for e in replaced} & {'He said "hi"', "50% off*"}, {'He said "hi"', "50% off*"})

            proxy.reset()
            again = self.command("migrate", server.url(user="alice"), to, "--json", env=there, expect=expect).summary
            self.assertEqual((again["held"], again["stored"], again["failed"]), (count - refused, 0, refused), again)
            compared = self.command("compare", server.url(user="alice"), to, "--deep", "--json", expect=expect,
                                    env={"POSTFERRY_FROM_PASSWORD": USERS["alice"], **there}).summary
            self.assertEqual((compared["same"], compared["only_a"]), (count - refused, refused), compared)

            mended = self.command("migrate", server.url(user="alice"), to, "--json", "--repair", env=there)
            self.assertEqual((mended.summary["held"], mended.summary["stored"]), (count - refused, refused), mended.summary)


class ToCyrusAsItComes(PushCase):
    """munge8bit is its default: it writes X for each 8-bit byte of a header."""
    EIGHT_BIT = 3

    def setUp(self):
        super().setUp()
        head = "From: a@example.org\nSubject: {} {}\nMessage-ID: <{}@example.org>\nDate: Mon, 1 Jan 2024 10:00:00 +0100\n\nGr\u00fc\u00dfe\n"
        words = ["Gr\u00fc\u00dfe"] * self.EIGHT_BIT + ["Gruesse"]
        self.source = self.pair(mailgen.Mailbox({"INBOX": [
            mailgen.Mail(head.format(word, n, n).encode("latin-1"), 1704099600 + n) for n, word in enumerate(words)]}))
        self.cyrus = Cyrus(self.home.root / "cyrus", users={"carol": "secret-of-carol"})
        self.enterContext(self.cyrus)
        self.proxy = self.enterContext(Proxy(self.cyrus.imap))
        self.to = self.cyrus.url(user="carol", port=self.proxy.port)

    def run_to_cyrus(self, *words, command="migrate", expect=0):
        self.proxy.reset()
        env = {"POSTFERRY_FROM_PASSWORD": USERS["alice"], "POSTFERRY_TO_PASSWORD": "secret-of-carol"}
        return self.command(command, self.source.url(user="alice"), self.to, "--json", *words, env=env, expect=expect)

    def test_names_what_it_has_damaged_in_every_run_and_sends_it_once(self):
        for turn in ("first", "again", "without the ledger"):
            if turn == "without the ledger":
                (self.home.root / "state" / "postferry" / "push.db").unlink()
            run = self.run_to_cyrus(expect=3)
            failed = [event for event in run.events if event["event"] == "failed"]
            self.assertEqual((run.summary["listed"], run.summary["failed"]), (self.EIGHT_BIT + 1, self.EIGHT_BIT), (turn, run.summary))
            self.assertEqual({event["subject"] for event in failed}, {f"Gr\u00fc\u00dfe {n}" for n in range(self.EIGHT_BIT)}, turn)
            self.assertTrue(all("changed its header" in event["reason"] for event in failed), failed)
            self.assertEqual(appends(self.proxy) > 0, turn == "first", turn)

    def test_sends_headers_encoded_with_repair_once_it_has_seen_one_damaged(self):
        first = self.run_to_cyrus("--repair", expect=3)
        self.assertEqual((first.summary["failed"], first.summary["headers_mended"]), (1, self.EIGHT_BIT - 1), first.summary)
        self.run_to_cyrus("--repair", expect=3)
        self.assertEqual(appends(self.proxy), 0)
        with truth.Imap(self.cyrus.imap, "carol", "secret-of-carol") as imap:
            imap.ask("SELECT INBOX")
            damaged = next(event for event in first.events if event["event"] == "failed")
            uid = re.search(r"uid (\d+)", damaged["reason"]).group(1)
            imap.ask(f"UID STORE {uid} +FLAGS (\\Deleted)")
            imap.ask(f"UID EXPUNGE {uid}")
        self.run_to_cyrus("--repair")
        self.assertEqual(self.subjects(), {f"Gr\u00fc\u00dfe {n}" for n in range(self.EIGHT_BIT)} | {f"Gruesse {self.EIGHT_BIT}"})
        self.run_to_cyrus()
        self.assertEqual(appends(self.proxy), 0, "nor are they sent again without --repair")
        compared = self.run_to_cyrus("--deep", command="compare", expect=3).summary
        self.assertEqual((compared["same"], compared["other_content"], compared["only_a"]), (1, self.EIGHT_BIT, 0), compared)

    def subjects(self):
        raw = []
        with truth.Imap(self.cyrus.imap, "carol", "secret-of-carol") as imap:
            imap.examine(b"INBOX")
            imap.messages(keep=lambda uid, body: raw.append(body))
        heads = [email.message_from_bytes(body)["Subject"] for body in raw]
        # nobody knows the charset of the old header; it is Latin-1 here
        words = [[(text if isinstance(text, bytes) else text.encode(), charset) for text, charset in decode_header(head)] for head in heads]
        return {b"".join(text for text, _ in parts).decode("latin-1") for parts in words}


class AfterMbsync(PushCase):
    def mbsync(self, server, source, to):
        state = self.home.root / f"mbsync-{to}"
        state.mkdir()
        config = state / "mbsyncrc"
        stores = [mbsync.imap_store(name, server.imap, user, USERS[user]) for name, user in (("far", source), ("near", to))]
        config.write_text("".join(stores) + mbsync.pull(f"{state}/"))
        subprocess.run(["mbsync", "-c", config, "-q", "-a"], check=True, stdin=subprocess.DEVNULL, timeout=120)

    def expect_all_there(self, server, source, to, count):
        with Proxy(server.imap) as proxy:
            summary = self.command("migrate", server.url(user=source), server.url(user=to, port=proxy.port).replace("127.0.0.1", "localhost"),
                                   "--json", env={"POSTFERRY_FROM_PASSWORD": USERS[source], "POSTFERRY_TO_PASSWORD": USERS[to]}).summary
            self.assertEqual((appends(proxy), summary["listed"], summary["failed"]), (0, count, 0), summary)
            self.assertEqual(summary["recognised"], count, summary)
        self.assertEqual(sum(len(folder.messages) for folder in self.mailbox_of(to).values()), count)

    def test_sends_nothing_that_it_has_brought(self):
        server = self.pair(mailgen.mailbox(seed=11, count=150, largest=60000, awkward=False))
        count = sum(len(folder.messages) for folder in self.mailbox_of("alice").values())
        self.mbsync(server, "alice", "bert")
        self.expect_all_there(server, "alice", "bert", count)

    def test_sends_nothing_that_it_has_brought_from_an_account_that_it_had_filled(self):
        server = self.pair(mailgen.mailbox(seed=12, count=60, largest=60000, awkward=False))
        count = sum(len(folder.messages) for folder in self.mailbox_of("alice").values())
        self.mbsync(server, "alice", "bert")
        self.mbsync(server, "bert", "carol")
        self.expect_all_there(server, "bert", "carol", count)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A whole drop into an archive and into an account, from the POP3 of Dovecot, of Cyrus and of a scripted server: exact, once,
and known again whatever happens to the drop meanwhile. 5,000 messages with POSTFERRY_TEST_FULL=1."""
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, truth  # noqa: E402
from support.archive_view import ArchiveView  # noqa: E402
from support.case import FULL, main  # noqa: E402
from support.cyrus import Cyrus  # noqa: E402
from support.faultserver import FaultyPop3  # noqa: E402
from support.pushcase import USERS, PushCase  # noqa: E402

COUNT = 5000 if FULL else 250
ALICE = USERS["alice"]


def mails():
    """None with a NUL, which IMAP cannot carry, nor with lines ended by CR alone, which Cyrus refuses."""
    box = mailgen.mailbox(count=COUNT, folders=["INBOX"], median=6000, largest=400000)
    box.folders = {"INBOX": [m for m in box.folders["INBOX"] if b"\0" not in m.raw and b"\r" not in m.raw.replace(b"\r\n", b"")]}
    return box


class Matrix(PushCase):
    def entries(self, view):
        return view.mailbox()["INBOX"]

    def drop_of(self, port, user, password):
        with truth.Pop3(port, user, password) as pop3:
            return pop3.read()

    def another_client_deletes(self, port, user, password, numbers):
        with truth.Pop3(port, user, password) as pop3:
            for number in numbers:
                pop3._say(f"DELE {number}")

    def goes_once_and_is_known_again(self, port, url, user, password, to):
        drop = self.drop_of(port, user, password)
        count = len(drop)
        self.archive = self.folder / f"archive-{to}"
        words = {"source": url, "to": self.server_.url(user=to),
                 "env": {"POSTFERRY_FROM_PASSWORD": password, "POSTFERRY_TO_PASSWORD": USERS[to]}}
        compared = {"a": words["source"], "b": words["to"], "env": words["env"]}
        self.assertEqual(self.backup(url, password=password).summary["stored"], count)
        view = ArchiveView(self.archive)
        self.assertEqual({e["uidl"]: (e["content"], e["size"]) for e in self.entries(view).values()}, drop)
        self.assertEqual(self.migrate(**words).summary["stored"], count)
        self.compare("--deep", **compared)

        summary = self.backup(url, password=password).summary
        self.assertEqual((summary["held"], summary["bytes"]), (count, 0))
        self.assertEqual(self.migrate(**words).summary["sent"], 0)

        gone = sorted(random.Random(5).sample(range(1, count + 1), count // 10))
        self.another_client_deletes(port, user, password, gone)
        self.assertEqual(self.backup(url, password=password).summary["bytes"], 0)
        self.assertEqual(self.migrate(**words).summary["sent"], 0)
        view = ArchiveView(self.archive)
        self.assertEqual({e["uidl"]: (e["content"], e["size"]) for e in self.entries(view).values()}, drop)
        self.assertEqual(sum(e.get("state") == "gone" for e in self.entries(view).values()), len(gone))
        self.assertEqual(view.missing() + view.wrong, [])

    def test_dovecot(self):
        server = self.pair(mails())
        self.goes_once_and_is_known_again(server.pop3, server.url("pop3"), "alice", ALICE, "bert")

    def test_cyrus(self):
        server = self.pair(mails())
        carol = USERS["carol"]
        with Cyrus(self.folder / "cyrus", users={"carol": carol}, more="munge8bit: no") as cyrus:
            self.migrate("--repair", to=cyrus.url(user="carol"), env={"POSTFERRY_FROM_PASSWORD": ALICE, "POSTFERRY_TO_PASSWORD": carol})
            self.goes_once_and_is_known_again(cyrus.pop3, cyrus.url("pop3", "carol"), "carol", carol, "bert")

    def test_another_order_and_all_other_uidls(self):
        raws = [mail.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for mail in mails().folders["INBOX"]]
        raws = [raw if raw.endswith(b"\r\n") else raw + b"\r\n" for raw in raws]
        server = self.pair(mailgen.Mailbox({"INBOX": []}))
        keyless = sum(b"message-id:" not in raw.lower().split(b"\r\n\r\n")[0] for raw in raws)
        with FaultyPop3(raws) as drop:
            words = {"source": drop.url(), "to": server.url(user="bert")}
            self.backup(drop.url())
            self.migrate(**words)
            order = list(range(len(raws)))
            random.Random(6).shuffle(order)
            drop.messages, drop.uidls = [raws[i] for i in order], [drop.uidls[i] for i in order]
            drop.retrieved = 0
            self.assertEqual(self.backup(drop.url()).summary["held"], len(raws))
            self.assertEqual(self.migrate(**words).summary["held"], len(raws))
            self.assertEqual(drop.retrieved, 0)

            drop.uidls = [f"other-{i}" for i in order]
            summary = self.backup(drop.url()).summary
            self.assertEqual((summary["listed"], summary["new_bytes"]), (len(raws), 0))
            # twins have one header and one size: where that does not tell which is which, both are read
            self.assertLess(drop.retrieved, keyless + len(raws) // 10)
            self.assertEqual(self.migrate(**words).summary["sent"], 0)
        self.assertEqual(len(self.entries(ArchiveView(self.archive))), len(raws))
        self.assertEqual(len(self.mailbox_of("bert")["INBOX"].messages), len(raws))


if __name__ == "__main__":
    main()

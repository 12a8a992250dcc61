#!/usr/bin/env python3
"""The OK of an APPEND that never comes leaves a message in doubt: it is looked for, and neither sent twice nor lost."""
import random
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.case import FULL, main  # noqa: E402
from support.imap_relay import HungUp, ImapRelay, Instead, Lost, Refused  # noqa: E402
from support.pushcase import PushCase  # noqa: E402
from support.relaycase import DATE, RelayCase  # noqa: E402


class TheRelay(PushCase):
    """What the other tests here stand on."""

    def setUp(self):
        super().setUp()
        self.pair(mailgen.Mailbox({"INBOX": []}))

    def talk(self, verdict, command):
        """What comes after a login: the lines of the answers, and how the connection ended."""
        rule = lambda c: verdict if c.line.startswith(command.split(" ")[0]) else None  # noqa: E731
        with ImapRelay(self.server_.imap, rule) as relay, socket.create_connection(("127.0.0.1", relay.port), 10) as client:
            client.settimeout(1)
            client.sendall(f"a LOGIN alice secret-of-alice\r\nb {command}\r\n".encode())
            said = b""
            try:
                while data := client.recv(65536):
                    said += data
                    if b"\nb " in said:
                        return said, "answered"
                return said, "FIN"
            except ConnectionResetError:
                return said, "RST"
            except TimeoutError:
                return said, "nothing"

    def messages(self):
        return len(self.mailbox_of("alice")["INBOX"].messages)

    def test_loses_an_ok_with_a_fin_a_rst_or_nothing_at_all(self):
        for number, (how, end) in enumerate({"cut": "FIN", "reset": "RST", "stall": "nothing"}.items()):
            with self.subTest(how):
                said, ended = self.talk(Lost(how), "APPEND INBOX {4+}\r\na: b")
                self.assertEqual(ended, end, said)
                self.assertNotIn(b"\nb OK", said)
                self.assertEqual(self.messages(), number + 1, "the server was asked")

    def test_hangs_up_without_asking_the_server(self):
        said, ended = self.talk(HungUp(), "APPEND INBOX {4+}\r\na: b")
        self.assertEqual((ended, self.messages()), ("FIN", 0), said)

    def test_asks_the_server_something_else(self):
        said, ended = self.talk(Instead("EXAMINE INBOX"), "SELECT INBOX")
        self.assertEqual(ended, "answered")
        self.assertIn(b"b OK [READ-ONLY]", said)


class TheOk(RelayCase):
    def lost(self, way):
        """The OK of another message's APPEND each time."""
        for how in ("cut", "reset", "stall"):
            chance = random.Random(how)
            for turn in range(20 if FULL else 2):
                under = f"{way} {how} {turn}"
                subject = b"Subject: number %d of INBOX\r\n" % chance.randrange(30)
                with self.subTest(under, lost=subject):
                    faults = [Lost(how)]
                    result = self.to(way, lambda c: faults.pop() if faults and c.appends(subject) else None, "--timeout", "2",
                                     under=under)
                    self.assertEqual(faults, [], "the test loses nothing")
                    self.assertEqual((result.summary["stored"], result.summary["failed"]), (40, 0), str(result))
                    self.assertEqual(self.missing(under), {})
                    self.ends_complete(way, 0, under)

    def test_of_many_messages_is_lost(self):
        self.lost("together")

    def test_of_one_message_is_lost(self):
        self.lost("singly")


class Twins(RelayCase):
    """Two messages with one Message-ID: what has become of one says nothing of the other."""

    MAIL = {"INBOX": [mailgen.Mail(b"Message-ID: <twin@example.net>\nFrom: Ann <ann@example.net>\nSubject: twins\n\n%s twin\n" % name,
                                   DATE + i, "S") for i, name in enumerate((b"first", b"second"))]}

    def test_one_refused_and_the_ok_of_the_other_lost_arrive_once_each(self):
        for way in self.relays:
            for how in ("cut", "reset", "stall"):
                for refused, lost in ((b"first", b"second"), (b"second", b"first"))[:2 if FULL else 1]:
                    under = f"{way} {how} {lost.decode()}"
                    with self.subTest(under):
                        self.one_refused_one_lost(way, how, refused, lost, under)

    def one_refused_one_lost(self, way, how, refused, lost, under):
        """Every APPEND with the one, and the first that has only the other."""
        faults = [Lost(how)]

        def rule(command):
            if command.appends(refused):
                return Refused("NO Message contains invalid header")
            return faults.pop() if faults and command.appends(lost) else None

        result = self.to(way, rule, "--timeout", "2", under=under, expect=3)
        self.assertEqual(faults, [], "the test loses nothing")
        self.assertEqual((result.summary["stored"], result.summary["failed"]), (1, 1), str(result))
        self.assertEqual(self.missing(under), {"INBOX": 1})
        self.ends_complete(way, 1, under)


if __name__ == "__main__":
    main()

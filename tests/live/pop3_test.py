#!/usr/bin/env python3
"""A backup over POP3: exact, told apart by UIDL where there is one and by content where there is none."""
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, truth  # noqa: E402
from support.archive_view import ArchiveView  # noqa: E402
from support.case import FULL, Case, main  # noqa: E402
from support.faultserver import FaultyPop3  # noqa: E402


def messages(count):
    return [b"Message-ID: <%d@example.net>\r\nSubject: %d\r\n\r\n.dot\r\n..\r\nbody %d\r\n" % (i, i, i) for i in range(count)]


class Pop3(Case):
    def drop(self, view):
        boxes = view.mailbox()
        self.assertEqual(list(boxes), ["INBOX"])
        return boxes["INBOX"]

    def test_is_exact_plain_over_tls_and_over_stls(self):
        server = self.server().fill("alice", mailgen.mailbox(count=2000) if FULL else mailgen.mailbox(count=150, largest=500000))
        with server:
            with truth.Pop3(server.pop3) as pop3:
                expected = pop3.read()
            for scheme in ("pop3", "pop3s", "pop3+starttls"):
                archive = self.folder / scheme
                summary = self.backup(server.url(scheme), archive=archive).summary
                self.assertEqual((summary["listed"], summary["failed"]), (len(expected), 0))
                self.assert_balanced(summary)
                view = ArchiveView(archive)
                entries = self.drop(view)
                self.assertEqual({e["uidl"]: (e["content"], e["size"]) for e in entries.values()}, expected)
                self.assertEqual(view.missing() + view.wrong, [])
                self.check("--read-data", archive=archive)

    def test_fetches_only_what_is_new(self):
        with FaultyPop3(messages(50)) as server:
            self.backup(server.url())
            server.retrieved = 0
            self.assertEqual(self.backup(server.url()).summary["held"], 50)
            self.assertEqual(server.retrieved, 0)
            server.messages += messages(53)[50:]
            server.uidls += ["id50", "id51", "id52"]
            self.assertEqual(self.backup(server.url()).summary["stored"], 3)
            self.assertEqual(server.retrieved, 3)

    def test_looks_again_on_a_connection_that_was_opened_meanwhile(self):
        large = [b"Subject: %d\r\n\r\n" % n + b"x" * 100 * 1000 + b"\r\n" for n in range(50)]

        def close_the_others(server):
            for s in server.open[1:]:
                s.shutdown(socket.SHUT_RDWR)
            server.on_quit = lambda: None

        for name, at_quit, connections in (("kept", lambda server: None, 2), ("closed for its idleness", close_the_others, 3)):
            with self.subTest(name), FaultyPop3(large) as server:
                # two of the first session, and one of the next, before the last message is sent
                server.on_retr = lambda n: None if n < 50 or self.comes(lambda: server.log.count("CAPA") == 3) else "close"
                server.on_quit = lambda: at_quit(server)
                summary = self.backup(server.url(), archive=self.folder / name).summary
                self.assertEqual((summary["stored"], summary["complete"]), (50, True))
                self.assertEqual((server.connections, server.retrieved), (connections, 50))
                last = server.log.index("RETR 50")
                self.assertEqual([line for line in server.log[last:] if line != "CAPA"][1], "QUIT", "in the same flight")

    def test_keeps_what_the_server_no_longer_has(self):
        with FaultyPop3(messages(20)) as server:
            self.backup(server.url())
            del server.messages[:15], server.uidls[:15]
            self.backup(server.url(), "--accept-shrink")
        entries = self.drop(ArchiveView(self.archive))
        self.assertEqual(len(entries), 20)
        self.assertEqual(sum(e.get("state") == "gone" for e in entries.values()), 15)

    def test_takes_what_is_shown_a_batch_at_a_time_and_once_as_gmail_does(self):
        everything = messages(302)
        with FaultyPop3([], uidls=[]) as server:
            def show(*numbers):
                server.messages, server.uidls = [everything[n] for n in numbers], [f"id{n}" for n in numbers]
            batches = [range(150, 300), [], []]
            server.on_quit = lambda: show(*batches.pop(0))
            show(*range(150))
            self.home.configure(f"""[accounts.gmail]
protocol = "pop3"
host = "127.0.0.1"
port = {server.port}
tls = "off"
user = "alice"
quirks = ["pop3-batches"]
""")
            self.assertEqual(self.backup("gmail").summary["stored"], 300)
            self.assertTrue(self.comes(lambda: not batches))  # nobody waits for the last goodbye
            batches += [[], []]
            show(300, 301)
            summary = self.backup("gmail").summary  # the rest has not left the mailbox
            self.assertEqual((summary["stored"], summary["complete"]), (2, True))
        self.assertEqual(len(self.drop(ArchiveView(self.archive))), 302)

    def test_doubles_nothing_when_all_uidls_change(self):
        with FaultyPop3(messages(30)) as server:
            self.backup(server.url())
            server.uidls = [f"new-{i}" for i in range(30)]
            self.backup(server.url())
            self.assertEqual(server.retrieved, 30)  # the second run has read headers
        view = ArchiveView(self.archive)
        self.assertEqual(len(self.drop(view)), 30)
        self.assertEqual((view.copies, len(view.mails)), (30, 30))

    def test_does_without_uidls_that_tell_nothing(self):
        for name, uidls in {"numbers": [str(i + 1) for i in range(30)], "doubled": ["x"] * 30, "long": ["y" * 4000] * 30}.items():
            with self.subTest(name), FaultyPop3(messages(30), uidls=uidls) as server:
                archive = self.folder / name
                self.backup(server.url(), archive=archive)
                server.messages.reverse()  # another order
                self.assertEqual(self.backup(server.url(), archive=archive).summary["held"], 30)
                self.assertEqual(server.retrieved, 30)
                view = ArchiveView(archive)
                self.assertEqual((view.copies, len(self.drop(view))), (30, 30))

    def test_a_lost_line_without_uidls_never_ends_as_complete_with_something_missing(self):
        with FaultyPop3(messages(20)) as server:
            server.capabilities = ["TOP", "USER"]
            once = ["close"]
            server.on_retr = lambda number: once.pop() if number == 9 and once else None
            self.backup(server.url(), expect=3)
            self.assertEqual(self.backup(server.url()).summary["held"], 8)
        view = ArchiveView(self.archive)
        self.assertEqual((view.copies, len(self.drop(view))), (20, 20))

    def test_does_without_uidl(self):
        with FaultyPop3(messages(30)) as server:
            server.capabilities = ["TOP", "USER"]
            self.backup(server.url())
            server.messages += messages(32)[30:]
            self.backup(server.url())
        view = ArchiveView(self.archive)
        self.assertEqual((view.copies, len(self.drop(view))), (32, 32))

    def test_names_the_message_that_cannot_be_read_and_takes_it_the_next_time(self):
        with FaultyPop3(messages(20)) as server:
            server.on_retr = lambda number: "err" if number == 7 else None
            summary = self.backup(server.url(), expect=3).summary
            self.assertEqual((summary["stored"], summary["failed"]), (19, 1))
            self.assert_balanced(summary)
            server.on_retr = lambda number: None
            self.assertEqual(self.backup(server.url()).summary["stored"], 1)

    def test_survives_a_hang_up_in_the_middle_of_a_message(self):
        for fault in ("short", "close"):
            with self.subTest(fault), FaultyPop3(messages(20)) as server:
                once = [fault]
                server.on_retr = lambda number: once.pop() if number == 9 and once else None
                self.backup(server.url(), "--as", fault, "--max-wait", "5", archive=self.folder / fault)
                self.assertEqual(len(ArchiveView(self.folder / fault).mails), 20)

    def test_a_locked_drop_is_no_empty_drop(self):
        with FaultyPop3(messages(5)) as server:
            self.backup(server.url())
            server.locked = True
            self.backup(server.url(), "--max-wait", "0", expect=75)
        self.assertEqual(len(self.drop(ArchiveView(self.archive))), 5)

    def test_refuses_a_wrong_password_with_4(self):
        with FaultyPop3(messages(1)) as server:
            self.backup(server.url(), password="wrong", expect=4)


if __name__ == "__main__":
    main()

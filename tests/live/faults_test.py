#!/usr/bin/env python3
"""Exit status 0 means that every message is in the archive, whatever the server does."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support.archive_view import ArchiveView, path  # noqa: E402
from support.case import Case, main  # noqa: E402
from support.faultserver import FaultyImap  # noqa: E402


def messages(count, size=200):
    return [b"Message-ID: <%d@example.net>\r\nFrom: Ann <ann@example.net>\r\nSubject: number %d\r\n\r\n%s\r\n" % (i, i, b"x" * size)
            for i in range(1, count + 1)]


class Faults(Case):
    def run_against(self, server, *words, expect=0, **more):
        return self.backup(server.url(), "--as", "imap:a@b", "--max-wait", "5", *words, expect=expect, **more)

    def held(self):
        return {uid for uid in ArchiveView(self.archive).mailbox()["INBOX"]}

    # One body of 40 goes wrong for good: 39 are there, one is named, the status is 3; cured, the next run has it.
    def test_of_one_message_cost_that_message_and_are_told(self):
        for fault in ("no", "nothing", "nil", "short", "close", "bye", "empty"):
            with self.subTest(fault), FaultyImap({"INBOX": messages(40)}) as server:
                self.archive = self.folder / fault
                server.on_body = lambda folder, uid: fault if uid == 17 else None
                result = self.run_against(server, expect=3)
                self.assertEqual((result.summary["stored"], result.summary["failed"]), (39, 1), str(result))
                self.assert_balanced(result.summary)
                self.assertFalse(result.summary["complete"])
                self.assertIn("17", result.err)
                self.assertIn("INBOX", result.err)
                self.assertEqual(self.held(), set(range(1, 41)) - {17})
                self.check("--read-data")
                server.on_body = lambda folder, uid: None
                server.bodies = 0
                result = self.run_against(server)
                self.assertEqual((result.summary["stored"], server.bodies), (1, 1), str(result))
                self.assertEqual(self.held(), set(range(1, 41)))

    # The same, once only: a second try succeeds within the run.
    def test_that_pass_leave_nothing_out(self):
        for fault in ("no", "nothing", "nil", "short", "close", "bye", "throttle"):
            with self.subTest(fault), FaultyImap({"INBOX": messages(40), "Other": messages(5)}) as server:
                self.archive = self.folder / fault
                once = [fault]
                server.on_body = lambda folder, uid: once.pop() if uid == 17 and once else None
                result = self.run_against(server)
                self.assertEqual((result.summary["stored"], result.summary["failed"]), (45, 0), str(result))
                self.assertEqual(self.held(), set(range(1, 41)))

    def test_ten_of_a_thousand_refused_are_ten_named(self):
        with FaultyImap({"INBOX": messages(1000, 50)}) as server:
            server.on_body = lambda folder, uid: "no" if uid % 100 == 33 else None
            result = self.run_against(server, expect=3)
            self.assertEqual((result.summary["stored"], result.summary["failed"]), (990, 10), str(result))
            self.assertEqual({e["uid"] for e in result.events if e["event"] == "failed"}, set(range(33, 1000, 100)))
            for uid in range(33, 1000, 100):
                self.assertIn(f"uid {uid}:", result.err)
        self.assertEqual(len(self.held()), 990)

    def test_a_silent_server_is_a_lost_connection(self):
        with FaultyImap({"INBOX": messages(30)}) as server:
            once = ["lie"]
            server.on_body = lambda folder, uid: once.pop() if uid == 9 and once else None
            result = self.run_against(server, "--timeout", "1")
            self.assertEqual(result.summary["stored"], 30, str(result))

    def test_a_listing_that_is_short_is_no_complete_backup(self):
        with FaultyImap({"INBOX": messages(40)}) as server:
            server.listed = False
            result = self.run_against(server, expect=3)
            self.assertFalse(result.summary["complete"], str(result))

    def test_a_message_that_vanished_meanwhile_is_skipped(self):
        with FaultyImap({"INBOX": messages(40)}) as server:
            server.on_body = lambda folder, uid: "gone" if uid == 17 else None
            result = self.run_against(server)
            self.assertEqual((result.summary["stored"], result.summary["failed"]), (39, 0), str(result))
            self.assert_balanced(result.summary)

    def test_a_folder_that_vanishes_does_not_stop_the_others(self):
        with FaultyImap({"INBOX": messages(10), "Doomed": messages(10), "Last": messages(10)}) as server:
            def answer(verb, line):
                if verb in ("EXAMINE", "SELECT") and "Doomed" in line:
                    return b"{tag} NO [NONEXISTENT] Mailbox doesn't exist: Doomed\r\n"
            server.on_command = answer
            result = self.run_against(server, expect=3)
            self.assertIn("Doomed", result.err)
        boxes = ArchiveView(self.archive).mailbox()
        self.assertEqual((len(boxes["INBOX"]), len(boxes["Last"])), (10, 10))

    def test_a_throttling_server_is_come_back_to_later(self):
        with FaultyImap({"INBOX": messages(40)}) as server:
            server.on_body = lambda folder, uid: "throttle" if uid > 20 else None
            result = self.run_against(server, "--max-wait", "0", expect=75)
            kept = len(ArchiveView(self.archive).mails)
            self.assertGreater(kept, 0, "what had arrived was thrown away")
            self.assertFalse(result.summary["complete"])
            server.on_body = lambda folder, uid: None
            server.bodies = 0
            result = self.run_against(server)
            self.assertEqual(server.bodies, 40 - kept, str(result))
        self.assertEqual(self.held(), set(range(1, 41)))

    def test_overquota_on_reading_is_75(self):
        with FaultyImap({"INBOX": messages(10)}) as server:
            server.on_body = lambda folder, uid: "overquota"
            self.run_against(server, "--max-wait", "0", expect=75)

    def test_a_folder_that_lost_most_of_its_mail_is_suspicious(self):
        with FaultyImap({"INBOX": messages(300)}) as server:
            self.run_against(server)
            for uid in range(1, 251):
                del server.folders["INBOX"].messages[uid]
            result = self.run_against(server, expect=3)
            self.assertIn("INBOX", result.err)
            self.run_against(server, "--accept-shrink")

    def test_hostile_folder_names_touch_nothing_outside(self):
        names = ["..", "../../escape", "/etc/passwd", "a\u202eb", "x" * 300, "~root", "tab\there", "CON", "nul.txt", "%2e%2e", "-", " "]
        with FaultyImap({name: messages(2) for name in ["INBOX"] + names}) as server:
            self.run_against(server)
        before = sorted(p.name for p in self.folder.iterdir())
        out = self.folder / "export"
        for form in ("eml", "maildir"):
            done = self.home.run("export", self.archive, out / form, "--format", form, "--json")
            self.assertEqual(done.code, 0, str(done))
            self.assertEqual(done.summary["written"], 2 * (len(names) + 1))
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), sorted(before + ["export"]))
        for file in out.rglob("*"):
            self.assertTrue(file.resolve().is_relative_to(out.resolve()), file)
        view = ArchiveView(self.archive)
        self.assertEqual(len(view.latest()["folders"]), len(names) + 1, [path(f) for f in view.latest()["folders"]])
        for _, name, _ in view.mails.values():
            self.assertNotIn("..", name.split("/"))
            self.assertFalse(name.startswith("/"))

    def test_a_server_that_says_bye_at_the_door_is_75(self):
        with FaultyImap({"INBOX": []}) as server:
            server.refuse_greeting = b"* BYE too many connections\r\n"
            self.run_against(server, "--max-wait", "0", expect=75)

    def test_garbage_in_place_of_a_greeting_is_an_error(self):
        with FaultyImap({"INBOX": []}) as server:
            server.refuse_greeting = b"SSH-2.0-OpenSSH_9.2\r\n"
            result = self.run_against(server, "--max-wait", "0", expect=1)
            self.assertNotIn("summary\",\"complete\":true", result.text)


if __name__ == "__main__":
    main()

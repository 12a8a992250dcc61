#!/usr/bin/env python3
"""What goes wrong outside says so in words, and by the exit status that the manual names."""
import os
import shutil
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.case import Case, main  # noqa: E402
from support.proxy import Proxy  # noqa: E402


class Endpoint(Case):
    @classmethod
    def box(cls):
        return mailgen.mailbox(count=20, median=2000, largest=50000, awkward=False)

    def said(self, result, *words):
        for word in words:
            self.assertIn(word.lower(), (result.err + result.text).lower())

    def test_a_wrong_password_is_4_and_makes_no_snapshot(self):
        with self.server().fill("alice", self.box()) as server:
            for scheme in ("imap", "imaps", "pop3"):
                result = self.backup(server.url(scheme), password="not the password", expect=4)
                self.said(result, "alice")
        self.assertEqual(list(self.archive.glob("snapshots/*/*/*")), [])

    def test_an_unknown_host_is_1(self):
        result = self.backup("imaps://alice@no-such-host.invalid/", "--max-wait", "0", expect=1)
        self.said(result, "no-such-host.invalid")

    def test_a_closed_port_is_75(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        result = self.backup(f"imap://alice@127.0.0.1:{port}/?tls=off", "--max-wait", "0", expect=75)
        self.said(result, "127.0.0.1", str(port))

    def test_a_certificate_that_is_not_good_is_1_and_gets_no_password(self):
        for certificate, why in (("expired", "expired"), ("foreign", ""), ("unknown", "")):
            with self.subTest(certificate), self.server(certificate=certificate, name=certificate).fill("alice", self.box()) as server:
                started = len(server.log.read_text())  # its own first sign-in stands there
                for scheme in ("imaps", "imap+starttls", "pop3s"):
                    result = self.backup(server.url(scheme), "--max-wait", "0", expect=1)
                    self.said(result, "certificate", why)
                self.assertNotIn("method=PLAIN", server.log.read_text()[started:], "it was sent the password")

    def test_a_self_signed_certificate_without_a_ca_shows_its_fingerprint(self):
        from support import pki
        with self.server().fill("alice", self.box()) as server:
            result = self.backup(f"imaps://alice@127.0.0.1:{server.imaps}/", "--max-wait", "0", expect=1)
            shown = (result.err + result.text).lower().replace(":", "")
            self.assertIn(pki.fingerprint(server.root / "pki" / "good.pem"), shown)

    def test_plaintext_beyond_this_machine_is_refused(self):
        result = self.backup("imap://alice@mail.example.org/?tls=off", expect=2)
        self.said(result, "allow-plaintext")

    def test_a_server_without_starttls_gets_no_password(self):
        from support.faultserver import FaultyImap
        with FaultyImap({"INBOX": []}) as server:
            result = self.backup(f"imap://alice@127.0.0.1:{server.port}/", "--max-wait", "0", expect=1)
            self.said(result, "starttls")
            self.assertFalse([line for line in server.log if line.upper().startswith(("LOGIN", "AUTH"))])

    def test_a_connection_lost_in_mid_literal_is_taken_up_again(self):
        with self.server().fill("alice", mailgen.large_messages(3, 2 << 20)) as server:
            with Proxy(server.imap, cut_after=3 << 20) as proxy:
                self.backup(server.url(port=proxy.port), "--as", "imap:a@b", "--max-wait", "1", expect=75)
            self.assertEqual(self.backup(server.url(), "--as", "imap:a@b").summary["listed"], 3)


class Place(Case):
    def setUp(self):
        super().setUp()
        self.source = self.server().fill("alice", mailgen.mailbox(count=20, median=2000, largest=50000, awkward=False))
        self.source.start()

    def test_a_folder_that_is_no_archive_is_left_alone(self):
        self.archive.mkdir()
        (self.archive / "letter.txt").write_text("mine")
        for words in (["backup", self.source.url(), self.archive], ["ls", self.archive], ["check", self.archive]):
            result = self.home.run(*words, password="secret-of-alice")
            self.assertEqual(result.code, 1, str(result))
            self.assertIn(str(self.archive), result.err)
        self.assertEqual([p.name for p in self.archive.iterdir()], ["letter.txt"])

    def test_an_archive_that_is_not_there_is_1(self):
        for words in (["ls"], ["check"], ["snapshots"], ["show", "0123456789abcdef"]):
            result = self.home.run(words[0], self.archive, *words[1:])
            self.assertEqual(result.code, 1, str(result))
            self.assertIn(str(self.archive), result.err)
        self.assertFalse(self.archive.exists())

    def test_an_unmounted_disk_is_no_new_archive(self):
        self.backup(self.source.url())
        self.archive.rename(self.folder / "unplugged")
        result = self.backup(self.source.url(), expect=1)
        self.assertIn("mounted", result.err)
        self.assertFalse(self.archive.exists())
        self.backup(self.source.url(), "--create")

    def test_a_path_below_nothing_is_1(self):
        self.backup(self.source.url(), archive=self.folder / "no" / "such" / "folder", expect=1)
        self.assertFalse((self.folder / "no").exists())

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_cannot_be_written_is_1(self):
        locked = self.folder / "locked"
        locked.mkdir(mode=0o500)
        self.backup(self.source.url(), archive=locked / "archive", expect=1)

    def test_a_file_in_place_of_an_archive_is_1(self):
        self.archive.write_text("I am a file")
        self.backup(self.source.url(), expect=1)
        self.assertEqual(self.archive.read_text(), "I am a file")

    def test_a_newer_format_is_refused_and_an_unknown_requirement_read_only(self):
        self.backup(self.source.url())
        file = self.archive / "postferry.json"
        text = file.read_text()
        file.chmod(0o600)
        import json
        about = json.loads(text)
        file.write_text(json.dumps({**about, "format": 99}))
        self.assertIn(self.home.run("ls", self.archive).code, (1, 2))
        file.write_text(json.dumps({**about, "requires": ["time travel"]}))
        self.assertEqual(self.home.run("ls", self.archive).code, 0)
        result = self.home.run("backup", self.source.url(), self.archive, password="secret-of-alice")
        self.assertNotEqual(result.code, 0)
        self.assertIn("time travel", result.err)

    def test_a_full_disk_is_1_and_what_was_there_is_sound(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = shutil.which("mount") and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(disk)], capture_output=True).returncode == 0
        if not mounted:
            self.skipTest("no small file system can be mounted here")
        try:
            self.backup(self.source.url(), archive=disk / "archive")
            big = self.server(name="big").fill("alice", mailgen.large_messages(3, 2 << 20))
            with big:
                result = self.backup(big.url(), "--as", "imap:big@b", archive=disk / "archive", expect=1)
                self.assertIn("space", result.err.lower())
            self.check("--read-data", archive=disk / "archive")
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)

    def test_a_second_run_of_the_same_account_is_6(self):
        big = self.server(name="big").fill("alice", mailgen.large_messages(3, 4 << 20))
        with big, Proxy(big.imap, rate=1 << 20) as proxy:
            words = ["backup", big.url(port=proxy.port), self.archive, "--as", "imap:a@b"]
            first = self.home.start(*words, password="secret-of-alice")
            self.assertTrue(proxy.passed.wait(30))
            second = self.home.run(*words, password="secret-of-alice")
            first.kill()
            first.communicate()
        self.assertEqual(second.code, 6, str(second))
        # what a dead process has locked is no longer locked
        self.backup(self.source.url(), "--as", "imap:a@b")

    def test_several_accounts_are_all_run_and_the_worst_status_counts(self):
        result = self.home.run("backup", self.source.url(), self.source.url("pop3"), self.archive, "--json",
                               env={"POSTFERRY_FROM_PASSWORD_1": "wrong", "POSTFERRY_FROM_PASSWORD_2": "secret-of-alice"})
        self.assertEqual(result.code, 4, str(result))
        summaries = [e for e in result.events if e["event"] == "summary"]
        self.assertEqual(len(summaries), 3)   # one each and the total
        self.assertGreater(summaries[1]["stored"], 0)


if __name__ == "__main__":
    main()

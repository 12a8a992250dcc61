#!/usr/bin/env python3
"""A password is in no output, trace, log, argument list, environment of a child, or archive."""
import base64
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.archive_view import packs, unpacked  # noqa: E402
from support.case import Case, main  # noqa: E402
from support.proxy import Proxy  # noqa: E402

SECRET = 'correct "horse" \\battery'


class Secrets(Case):
    def setUp(self):
        super().setUp()
        self.source = self.server(users={"alice": "plain-secret-77", "bob": "another-secret-88"})
        box = mailgen.mailbox(count=15, median=2000, largest=30000, awkward=False)
        self.source.fill("alice", box).fill("bob", box)
        self.source.start()

    def assert_clean(self, data, where):
        for secret in ("plain-secret-77", "another-secret-88"):
            forms = [secret.encode()]
            for user in ("alice", "bob"):
                forms.append(base64.b64encode(f"\0{user}\0{secret}".encode()).rstrip(b"="))
            for form in forms:
                self.assertNotIn(form, data, where)

    def test_are_written_nowhere(self):
        trace, log = self.folder / "trace", self.folder / "log"
        for scheme in ("imap", "imaps", "imap+starttls", "pop3", "pop3s"):
            self.backup(self.source.url(scheme), "--trace", trace, "--log-file", log, "-v", "-v",
                        password="plain-secret-77", archive=self.folder / scheme)
            text = trace.read_bytes()
            self.assertIn(b"alice" if scheme == "imap" else b"", text)
            self.assertGreater(len(text), 100)
            self.assert_clean(text, f"{scheme} trace")
            self.assert_clean(log.read_bytes(), f"{scheme} log")
            trace.unlink()
        for root in (self.folder / "imap", self.home.root):
            for file in root.rglob("*"):
                if file.is_file():
                    self.assert_clean(file.read_bytes(), file)
        for pack in packs(self.folder / "imap"):
            process = unpacked(pack)
            self.assert_clean(process.communicate()[0], pack)

    def test_a_refused_one_is_not_repeated_in_the_error(self):
        for scheme in ("imap", "pop3"):
            result = self.backup(self.source.url(scheme), password="another-secret-88", expect=4)
            self.assert_clean(result.out + result.err.encode(), scheme)

    def test_are_not_to_be_seen_in_proc(self):
        with Proxy(self.source.imap, rate=20000) as proxy:
            process = self.home.start("backup", self.source.url(port=proxy.port), self.archive, password="plain-secret-77")
            self.assertTrue(proxy.passed.wait(30))
            self.assert_clean(Path(f"/proc/{process.pid}/cmdline").read_bytes(), "cmdline")
            if os.geteuid() != 0:
                with self.assertRaises(PermissionError):  # not dumpable: /proc/PID/environ is root's
                    Path(f"/proc/{process.pid}/environ").read_bytes()
            process.kill()
            process.communicate()

    def test_do_not_reach_a_password_command(self):
        script = self.folder / "ask.sh"
        script.write_text(f"#!/bin/sh\nenv > {self.folder}/environment\necho plain-secret-77\n")
        script.chmod(0o700)
        self.home.secrets.add("unrelated-secret-99")
        result = self.home.run("backup", self.source.url(), self.archive, "--password-command", script,
                               env={"POSTFERRY_PASSWORD": "unrelated-secret-99", "POSTFERRY_TO_PASSWORD": "x-secret"})
        self.assertEqual(result.code, 0, str(result))
        self.assertNotIn("POSTFERRY_", (self.folder / "environment").read_text())

    def test_in_an_address_are_refused_with_the_reason(self):
        result = self.home.run("backup", f"imap://alice:plain-secret-77@127.0.0.1:{self.source.imap}/?tls=off", self.archive)
        self.assertEqual(result.code, 2, str(result))
        self.assertIn("password", result.err)
        self.assert_clean(result.err.encode() + result.out, "the refusal")

    def test_one_for_two_is_offered_to_neither(self):
        log = self.source.log.read_text()
        result = self.home.run("backup", self.source.url(), self.source.url(user="bob"), self.archive,
                               env={"POSTFERRY_PASSWORD": "plain-secret-77"})
        self.assertEqual(result.code, 2, str(result))
        self.assertNotIn("Login: user", self.source.log.read_text()[len(log):])

    def test_each_goes_to_its_own(self):
        result = self.home.run("backup", self.source.url(), self.source.url(user="bob"), self.archive, "--json",
                               env={"POSTFERRY_FROM_PASSWORD_1": "plain-secret-77", "POSTFERRY_FROM_PASSWORD_2": "another-secret-88"})
        self.assertEqual(result.code, 0, str(result))
        by_command = self.home.run("backup", self.source.url(), self.source.url(user="bob"), self.archive, "--json",
                                   "--password-command", "echo plain-secret-77", "--password-command", "echo another-secret-88")
        self.assertEqual(by_command.code, 0, str(by_command))

    def test_from_systemds_credentials(self):
        credentials = self.folder / "credentials"
        credentials.mkdir()
        (credentials / "postferry.work").write_text("plain-secret-77\n")
        self.home.configure(f'[accounts.work]\nhost = "127.0.0.1"\nport = {self.source.imaps}\nuser = "alice"\nca = "{self.source.ca}"\n')
        result = self.home.run("backup", "work", self.archive, env={"CREDENTIALS_DIRECTORY": str(credentials)})
        self.assertEqual(result.code, 0, str(result))

    def test_without_any_and_without_a_terminal_it_says_how_to_give_one(self):
        begin = time.monotonic()
        result = self.home.run("backup", self.source.url(), self.archive)
        self.assertEqual(result.code, 2, str(result))
        self.assertIn("--password-command", result.err)
        self.assertLess(time.monotonic() - begin, 10)

    def test_in_a_configuration_for_all_to_read_are_refused(self):
        file = self.home.configure('[accounts.x]\nhost = "127.0.0.1"\nuser = "alice"\npassword = "plain-secret-77"\n')
        file.chmod(0o644)
        result = self.home.run("accounts")
        self.assertEqual(result.code, 2, str(result))
        self.assertIn(str(file), result.err)

    def test_with_blanks_quotes_and_backslashes_work(self):
        with self.server(name="odd", users={"alice": SECRET}) as server:
            for scheme in ("imap", "pop3"):
                self.backup(server.url(scheme), password=SECRET, archive=self.folder / ("odd-" + scheme))


if __name__ == "__main__":
    main()

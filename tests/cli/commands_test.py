#!/usr/bin/env python3
"""The commands as a person uses them: what they print, their JSON, their exit status."""
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, truth  # noqa: E402
from support.archive_view import ArchiveView  # noqa: E402
from support.case import Case, main  # noqa: E402

COMMANDS = ["init", "backup", "snapshots", "ls", "show", "diff", "export", "check", "run", "accounts"]
SUMMARY = {"event", "account", "listed", "stored", "held", "skipped", "failed", "reflagged", "bytes", "new_bytes", "seconds",
           "snapshot", "complete"}


class Help(Case):
    def test_is_there_for_every_command_and_names_the_exit_status(self):
        top = self.home.run("--help")
        self.assertEqual((top.code, top.err), (0, ""))
        for command in COMMANDS:
            self.assertIn(command, top.text)
            one = self.home.run(command, "--help")
            self.assertEqual(one.code, 0, str(one))
            self.assertIn("Exit status", one.text)
        for option in ("--folder", "--exclude", "--since", "--before", "--max-size", "--dry-run", "--connections", "--timeout",
                       "--max-wait", "--codec", "--catalog", "--full", "--create", "--accept-shrink", "--as", "--trace", "--log-file",
                       "--config", "--json", "--password-command", "--allow-plaintext", "--auth-user", "--color"):
            self.assertIn(option, self.home.run("backup", "--help").text)

    def test_version(self):
        result = self.home.run("--version")
        self.assertRegex(result.text, r"^postferry \d+\.\d+")

    def test_a_mistake_is_2_with_the_nearest_right_word(self):
        for words, near in ((["bakcup", "x"], "backup"), (["backup", "--exlude", "x", "imap://a@b", "c"], "--exclude"), ([], ""),
                            (["ls"], ""), (["backup", "imap://a@b/?caa=x", "c"], "ca")):
            result = self.home.run(*words)
            self.assertEqual(result.code, 2, f"{words}: {result}")
            self.assertIn(near, result.err)
            self.assertEqual(result.text, "")

    def test_a_date_or_size_that_is_none_is_2(self):
        for words in (["--since", "yesteryear"], ["--max-size", "huge"], ["--connections", "0"], ["--timeout", "-1"]):
            self.assertEqual(self.home.run("backup", "imap://a@127.0.0.1/?tls=off", self.archive, *words).code, 2)


class Configuration(Case):
    def test_a_good_one_is_0(self):
        self.home.configure('[accounts.me]\nprofile = "gmail"\nuser = "me@gmail.com"\n'
                            '[archives.safe]\npath = "~/MailArchive"\n[jobs.nightly]\nfrom = ["me"]\nto = "safe"\n')
        result = self.home.run("config", "check")
        self.assertEqual(result.code, 0, str(result))
        listing = self.home.run("accounts")
        self.assertIn("imaps://me%40gmail.com@imap.gmail.com", listing.text)

    def test_mistakes_are_named_by_file_and_line(self):
        for text, word in (('[accounts.me]\nhsot = "x"\n', "host"), ('[accounts.me\n', "config.toml:1:"), ('[accounts.me]\nhost = 7\n', "host"),
                           ('[jobs.n]\nfrom = ["nobody"]\nto = "safe"\n', "nobody")):
            file = self.home.configure(text)
            result = self.home.run("config", "check")
            self.assertEqual(result.code, 2, str(result))
            self.assertIn(file.name, result.err + result.text)
            self.assertIn(word, result.err + result.text)

    def test_a_bare_word_is_no_new_archive_where_archives_are_configured(self):
        self.home.configure('[archives.safe]\npath = "/nowhere"\n')
        result = self.home.run("backup", "imap://a@127.0.0.1/?tls=off", "saef", password="secret-of-a")
        self.assertEqual(result.code, 2, str(result))
        self.assertIn("safe", result.err)


class Empty(Case):
    def test_init_makes_an_archive_once(self):
        self.assertEqual(self.home.run("init", self.archive).code, 0)
        about = json.loads((self.archive / "postferry.json").read_text())
        self.assertEqual(about["format"], 1)
        self.assertTrue((self.archive / "README.txt").exists())
        self.assertNotEqual(self.home.run("init", self.archive).code, 0)
        for command in ("ls", "snapshots", "check"):
            self.assertEqual(self.home.run(command, self.archive).code, 0)

    def test_an_account_without_mail_is_backed_up(self):
        with self.server() as server:
            summary = self.backup(server.url()).summary
        self.assertEqual((summary["listed"], summary["complete"]), (0, True))


class Archived(Case):
    def setUp(self):
        super().setUp()
        self.source = self.server().fill("alice", mailgen.mailbox(seed=31, count=200, largest=100000))
        self.source.start()
        self.expected = self.read(self.source)
        self.first = self.backup(self.source.url())

    def test_the_summary_has_every_field(self):
        self.assertLessEqual(SUMMARY, set(self.first.summary))
        self.assertEqual(self.first.events[-1]["event"], "summary")
        self.assert_balanced(self.first.summary)
        self.assertEqual(self.first.summary["account"], f"imap:alice@127.0.0.1:{self.source.imap}")
        self.assertIsInstance(self.first.summary["seconds"], (int, float))
        self.assertGreater(self.first.summary["new_bytes"], 0)

    def test_without_json_it_ends_with_the_way_back(self):
        result = self.home.run("backup", self.source.url(), self.archive, password="secret-of-alice")
        self.assertEqual(result.code, 0, str(result))
        self.assertIn(str(self.archive), result.text)
        self.assertIn("postferry show", result.text)
        self.assertIn("held", result.text)
        self.assertNotIn("\x1b", result.text + result.err, "escapes, and no terminal")
        self.assertNotIn("\r", result.err)
        quiet = self.home.run("backup", self.source.url(), self.archive, "--quiet", password="secret-of-alice")
        self.assertEqual((quiet.code, quiet.text, quiet.err), (0, "", ""))

    def test_snapshots_are_listed(self):
        second = self.backup(self.source.url()).summary
        result = self.home.run("snapshots", self.archive, "--json")
        listed = [e for e in result.events if e["event"] == "snapshot"]
        self.assertEqual([e["seq"] for e in listed], [1, 2])
        self.assertEqual(listed[1]["id"], second["snapshot"])
        self.assertTrue(all(e["complete"] for e in listed))
        text = self.home.run("snapshots", self.archive)
        self.assertIn(second["snapshot"], text.text)

    def test_ls_shows_folders_and_messages_as_they_are(self):
        result = self.home.run("ls", self.archive, "--json")
        folders = {e["folder"]: (e["messages"], e["bytes"]) for e in result.events if e["event"] == "folder" and e["selectable"]}
        want = {n: (len(f.messages), sum(m.size for m in f.messages.values())) for n, f in self.expected.items()
                if "\\Noselect" not in f.attributes}
        self.assertEqual(folders, want)
        result = self.home.run("ls", self.archive, "INBOX", "--json")
        messages = {e["uid"]: e for e in result.events if e["event"] == "message"}
        truth_ = self.expected["INBOX"].messages
        self.assertEqual({uid: (m["content"], m["size"], frozenset(m["flags"] + m["keywords"])) for uid, m in messages.items()},
                         {uid: (m.content, m.size, m.flags) for uid, m in truth_.items()})
        self.assertIn("Grüße aus Köln 📬", {m["subject"] for m in messages.values()})

    def test_ls_prints_nothing_a_terminal_would_obey(self):
        for words in (["ls", self.archive, "*"], ["ls", self.archive]):
            result = self.home.run(*words)
            self.assertEqual(result.code, 0, str(result))
            for evil in ("\x1b", "\x07", "\u202e", "\x9b"):
                self.assertNotIn(evil, result.text)

    def test_ls_of_a_pattern_is_that_of_imap(self):
        for pattern, want in (("Archive/%", {"Archive/2019", "Archive/empty too"}), ("Archive/*", {"Archive/2019", "Archive/empty too",
                              "Archive/2020/Q1", "Archive/2020/Q2"}), (":junk:", {"Junk"}), ("inbox", {"INBOX"})):
            result = self.home.run("ls", self.archive, "--folder", pattern, "--json")
            self.assertEqual({e["folder"] for e in result.events if e["event"] == "folder" and e["selectable"]}, want, pattern)
        self.assertEqual(self.home.run("ls", self.archive, "No such").code, 2)

    def test_show_gives_the_bytes(self):
        for content in list({m.content for m in self.expected["INBOX"].messages.values()})[:10]:
            result = self.home.run("show", self.archive, content[:12])
            self.assertEqual(result.code, 0, str(result))
            self.assertEqual(hashlib.sha256(result.out).hexdigest(), content)

    def test_show_of_too_few_or_unknown_digits_is_2_or_1(self):
        self.assertEqual(self.home.run("show", self.archive, "abc").code, 2)
        self.assertIn(self.home.run("show", self.archive, "0" * 64).code, (1, 2))

    def test_diff_says_what_changed(self):
        with truth.Imap(self.source.imap) as imap:
            imap.ask("APPEND INBOX {}", b"Message-ID: <n@x>\r\nSubject: brand new\r\n\r\nx\r\n")
            imap.examine(b"INBOX", "SELECT")
            uids = sorted(self.expected["INBOX"].messages)
            imap.ask(f"UID STORE {uids[0]} +FLAGS ($changed)")
            imap.ask(f"UID STORE {uids[1]} +FLAGS (\\Deleted)")
            imap.ask(f"UID EXPUNGE {uids[1]}")
        second = self.backup(self.source.url()).summary
        result = self.home.run("diff", self.archive, self.first.summary["snapshot"], second["snapshot"], "--json")
        self.assertEqual(result.code, 0, str(result))
        summary = result.summary
        self.assertEqual((summary["added"], summary["removed"], summary["reflagged"]), (1, 1, 1), str(result))
        same = self.home.run("diff", self.archive, "latest", second["snapshot"], "--json").summary
        self.assertEqual((same["added"], same["removed"], same["moved"], same["reflagged"]), (0, 0, 0, 0))

    def test_export_gives_every_message_back_twice_the_same(self):
        count = sum(len(f.messages) for f in self.expected.values())
        for form in ("eml", "maildir"):
            out = self.folder / form
            result = self.home.run("export", self.archive, out, "--format", form, "--json")
            self.assertEqual(result.code, 0, str(result))
            self.assertEqual((result.summary["messages"], result.summary["written"]), (count, count))
            index = [json.loads(line) for line in (out / "index.jsonl").read_text().splitlines()]
            files = [line for line in index if "file" in line]
            self.assertEqual(len(files), count)
            for line in files:
                file = out / line["file"]
                self.assertEqual(hashlib.sha256(file.read_bytes()).hexdigest(), line["content"])
            again = self.home.run("export", self.archive, out, "--format", form, "--json")
            self.assertEqual((again.code, again.summary["written"], again.summary["there"]), (0, 0, count), str(again))

    def test_export_as_maildir_is_one_for_dovecot(self):
        out = self.folder / "maildir"
        self.assertEqual(self.home.run("export", self.archive, out, "--format", "maildir").code, 0)
        index = [json.loads(line) for line in (out / "index.jsonl").read_text().splitlines()]
        for line in index:
            if "file" not in line:
                continue
            file = out / line["file"]
            self.assertEqual(file.parent.name, "cur")
            letters = file.name.rsplit(":2,", 1)[1]
            flags = {"D": "\\Draft", "F": "\\Flagged", "R": "\\Answered", "S": "\\Seen", "T": "\\Deleted"}
            self.assertEqual({flags[c] for c in letters if c in flags}, set(line["flags"]))
            import datetime
            self.assertEqual(int(file.stat().st_mtime), int(datetime.datetime.fromisoformat(line["date"].replace("Z", "+00:00")).timestamp()))

    def test_export_leaves_a_foreign_folder_alone(self):
        out = self.folder / "mine"
        out.mkdir()
        (out / "letter.txt").write_text("mine")
        result = self.home.run("export", self.archive, out)
        self.assertEqual(result.code, 2, str(result))
        self.assertEqual([p.name for p in out.iterdir()], ["letter.txt"])

    def test_check_reads_a_part_if_told(self):
        whole = self.home.run("check", self.archive, "--read-data", "--json").summary
        self.assertEqual((whole["messages_read"], whole["errors"]), (len(ArchiveView(self.archive).mails), 0))
        parts = [self.home.run("check", self.archive, "--read-data-subset", f"{n}/3", "--json").summary["messages_read"] for n in (1, 2, 3)]
        self.assertEqual(sum(parts), whole["messages_read"])
        self.assertEqual(self.home.run("check", self.archive, "--read-data-subset", "4/3").code, 2)

    def test_several_accounts_need_a_choice_where_it_matters(self):
        self.backup(self.source.url("pop3"))
        for words in (["export", self.archive, self.folder / "x"],):
            result = self.home.run(*words)
            self.assertEqual(result.code, 2, str(result))
            self.assertIn("pop3:alice", result.err)
        for words in (["ls"], ["snapshots"], ["check"]):
            self.assertEqual(self.home.run(words[0], self.archive).code, 0)
        self.assertEqual(self.home.run("export", self.archive, self.folder / "one", "--account", "pop3:*").code, 0)
        self.assertEqual(self.home.run("export", self.archive, self.folder / "all", "--merge").code, 0)

    def test_a_closed_pipe_is_no_crash(self):
        import subprocess
        from support.postferry import binary
        done = subprocess.run(["bash", "-c", f"set -o pipefail; '{binary()}' ls '{self.archive}' '*' | head -n 1"],
                              env=self.home.env, capture_output=True, stdin=subprocess.DEVNULL)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 1)


if __name__ == "__main__":
    main()

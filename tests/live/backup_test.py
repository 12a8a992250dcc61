#!/usr/bin/env python3
"""A backup over IMAP holds what the server holds: every byte, flag, keyword, date and folder."""
import hashlib
import json
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import archive_view, mailgen, truth  # noqa: E402
from support.archive_view import ArchiveView  # noqa: E402
from support.case import FULL, Case, main  # noqa: E402
from support.proxy import Proxy  # noqa: E402

ROLES = {"INBOX": "inbox", "Sent": "sent", "Drafts": "drafts", "Trash": "trash", "Junk": "junk"}


# Every awkward kind among mail of realistic sizes.
def all_kinds():
    return mailgen.sets("awkward" if FULL else "small")


class FirstBackup(Case):
    def whole(self, scheme="imap", **more):
        server = self.server(**more).fill("alice", all_kinds())
        with server:
            expected = self.read(server)
            summary = self.backup(server.url(scheme)).summary
            self.assert_holds(expected)
            self.assertEqual(self.read(server), expected, "the source has changed")
        count = sum(len(folder.messages) for folder in expected.values())
        self.assertEqual((summary["listed"], summary["failed"], summary["skipped"]), (count, 0, 0), summary)
        self.assert_balanced(summary)
        self.assertTrue(summary["complete"])
        view = ArchiveView(self.archive)
        self.assertEqual(view.copies, len(view.mails), "the same bytes lie there twice")
        self.assertEqual(set(view.mails), {m.content for f in expected.values() for m in f.messages.values()})
        roles = {archive_view.path(f): f["role"] for f in view.latest()["folders"] if "role" in f}
        self.assertEqual({name: roles.get(name) for name in ROLES}, ROLES)
        self.check("--read-data")

    def test_is_exact_from_a_maildir_over_a_plain_connection(self):
        self.whole()

    def test_is_exact_from_an_mdbox_over_tls(self):
        self.whole("imaps", store="mdbox")

    def test_is_exact_over_starttls(self):
        self.whole("imap+starttls")

    def test_is_exact_where_the_server_offers_compression(self):
        self.whole(compress=True)

    def test_is_exact_with_gzip(self):
        server = self.server().fill("alice", all_kinds())
        with server:
            expected = self.read(server)
            self.backup(server.url(), "--codec", "gzip")
        self.assertEqual({pack.suffix for pack in archive_view.packs(self.archive)}, {".gz"})
        self.assert_holds(expected)

    def test_trusts_one_certificate_by_its_fingerprint(self):
        from support import pki
        server = self.server(certificate="unknown").fill("alice", mailgen.mailbox(count=5, awkward=False))
        with server:
            print_ = pki.fingerprint(server.root / "pki" / "unknown.pem")
            self.backup(f"imaps://alice@127.0.0.1:{server.imaps}/?fingerprint={print_}")
            self.backup(f"imaps://alice@127.0.0.1:{server.imaps}/?fingerprint={'0' * 64}", archive=self.folder / "other", expect=1)


class SameAccount(Case):
    def test_has_the_same_pages_by_url_by_name_and_as_a_job(self):
        server = self.server().fill("alice", mailgen.mailbox(count=150, largest=100000))
        with server:
            self.home.configure(f'''
[accounts.mine]
host = "127.0.0.1"
port = {server.imaps}
user = "alice"
ca = "{server.ca}"
password_command = ["cat", "{self.folder}/password"]
[archives.third]
path = "{self.folder}/third"
[jobs.nightly]
from = ["mine"]
to = "third"
''')
            (self.folder / "password").write_text(server.secret() + "\n")
            self.backup(server.url("imaps"), "--as", "imap:alice@example.org", archive=self.folder / "first")
            second = self.home.run("backup", "mine", self.folder / "second", "--create", "--as", "imap:alice@example.org", "--json")
            self.assertEqual(second.code, 0, str(second))
            third = self.home.run("run", "nightly", "--json")
            self.assertEqual(third.code, 0, str(third))
            by_name = self.home.run("backup", "mine", "third", "--json")
            self.assertEqual(by_name.code, 0, str(by_name))
        views = [ArchiveView(self.folder / name) for name in ("first", "second", "third")]
        self.assertEqual(views[0].latest()["account"], "imap:alice@example.org")
        self.assertEqual(views[0].pages(), views[1].pages())
        # the account's name is a line of a shelf, so without --as the shelves differ and the pages do not
        self.assertEqual(*[{line["page"] for data in view.parts.values() for line in _pages(data)} for view in views[1:]])
        self.assertEqual(by_name.summary["stored"], 0, "the account has another id by its name than by its job")


def _pages(data):
    lines = [json.loads(line) for line in data.splitlines()]
    return [line for line in lines if "page" in line]


class NextBackup(Case):
    def setUp(self):
        super().setUp()
        self.mailbox = mailgen.mailbox(count=300, largest=200000)
        self.source = self.server().fill("alice", self.mailbox)
        self.source.start()

    # Backs up through a counting proxy, always as the same account.
    def counted(self, *words, expect=0):
        with Proxy(self.source.imap) as proxy:
            result = self.backup(self.source.url(port=proxy.port), "--as", "imap:alice@example.org", *words, expect=expect)
        return result.summary, proxy

    def test_of_an_unchanged_account_fetches_nothing_and_writes_no_pack(self):
        first, _ = self.counted()
        packs = archive_view.packs(self.archive)
        second, proxy = self.counted()
        self.assertEqual((proxy.bodies, second["stored"], second["bytes"]), (0, 0, 0))
        self.assertEqual((second["listed"], second["held"]), (first["listed"], first["listed"]))
        self.assert_balanced(second)
        self.assertEqual(archive_view.packs(self.archive), packs)
        self.assertEqual(len(archive_view.snapshot_files(self.archive)), 2)
        self.assertEqual(len({str(view) for view in map(ArchiveView(self.archive).pages, ArchiveView(self.archive).snapshots())}), 1)

    def test_carries_only_what_has_changed_and_keeps_every_earlier_snapshot(self):
        self.counted()
        first = self.read(self.source)
        new = mailgen.Generator(99)
        with truth.Imap(self.source.imap) as imap:
            for i in range(20):
                imap.ask("APPEND {} (\\Seen) \" 1-Feb-2024 10:00:00 +0100\" {}", b"INBOX", new.plain(3000 + i).raw.replace(b"\n", b"\r\n"))
            imap.examine(b"INBOX", "SELECT")
            uids = sorted(first["INBOX"].messages)
            imap.ask("UID MOVE %s Work" % ",".join(map(str, uids[:10])))
            imap.ask("UID STORE %s +FLAGS (\\Deleted)" % ",".join(map(str, uids[10:20])))
            imap.ask("UID EXPUNGE %s" % ",".join(map(str, uids[10:20])))
            flipped = [uid for uid in uids[20:] if "\\Flagged" not in first["INBOX"].messages[uid].flags][:30]
            self.assertEqual(len(flipped), 30)
            imap.ask("UID STORE %s +FLAGS (\\Flagged Wichtig2)" % ",".join(map(str, flipped)))
        second = self.read(self.source)
        summary, proxy = self.counted()
        keyless = sum(1 for uid in uids[:10] if self.is_keyless(first["INBOX"].messages[uid].content))
        self.assertEqual(proxy.bodies - keyless, 20, "a moved message is fetched again only where it has no Message-ID")
        self.assertEqual((summary["failed"], summary["reflagged"]), (0, 30), summary)
        self.assert_balanced(summary)
        with truth.Imap(self.source.imap) as imap:
            imap.ask('CREATE "New folder"')
            imap.ask('APPEND "New folder" {}', b"Subject: a third state\r\n\r\nx\r\n")
        third = self.read(self.source)
        self.counted()
        view = ArchiveView(self.archive)
        for snapshot, expected in zip(view.snapshots(), (first, second, third)):
            self.assert_holds(expected, view, snapshot)
        self.check("--read-data")
        for snapshot, expected in zip(view.snapshots(), (first, second, third)):
            out = self.folder / ("export-" + snapshot["id"][:8])
            done = self.home.run("export", self.archive, out, "--snapshot", snapshot["id"][:8], "--json")
            self.assertEqual(done.code, 0, str(done))
            self.assertEqual(done.summary["messages"], sum(len(f.messages) for f in expected.values()))
            listing = self.home.run("ls", self.archive, "--snapshot", snapshot["id"][:8], "--json")
            counts = {e["folder"]: e["messages"] for e in listing.events if e["event"] == "folder"}
            self.assertEqual({n: len(f.messages) for n, f in expected.items() if f.messages}, {n: c for n, c in counts.items() if c})

    # Mail without a usable Message-ID has no shortcut: it is fetched again to be sure.
    def is_keyless(self, content):
        for mail in self.mailbox.folders["INBOX"]:
            raw = re.sub(rb"\r?\n", b"\r\n", mail.raw)
            if hashlib.sha256(raw).hexdigest() == content:
                return not re.search(rb"(?im)^message-id *:.*<[^ >]+>", raw.split(b"\r\n\r\n")[0])
        return True

    def test_of_one_folder_describes_the_whole_account_still(self):
        self.counted()
        expected = self.read(self.source)
        with truth.Imap(self.source.imap) as imap:
            imap.ask("APPEND INBOX {}", b"Subject: new\r\n\r\nin the inbox\r\n")
            imap.ask("APPEND Work {}", b"Subject: new\r\n\r\nat work\r\n")
        summary, proxy = self.counted("--folder", "INBOX")
        self.assertEqual(proxy.bodies, 1)
        self.assertEqual(summary["failed"], 0)
        expected["INBOX"] = self.read(self.source)["INBOX"]
        self.assert_holds(expected)   # Work as it was before
        how = {archive_view.path(f): f["how"] for f in ArchiveView(self.archive).latest()["folders"]}
        self.assertEqual((how["INBOX"], how["Work"]), ("listed", "carried"))

    def test_recognises_everything_after_uidvalidity_has_changed(self):
        self.counted()
        self.source.stop()
        for file in self.source.root.glob("mail/alice/**/dovecot-uidlist"):
            file.unlink()
        for file in self.source.root.glob("mail/alice/**/dovecot.index*"):
            file.unlink()
        for file in self.source.root.glob("mail/alice/**/dovecot-uidvalidity*"):
            file.unlink()
        time.sleep(1.1)  # UIDVALIDITY is a time in seconds
        self.source.start()
        before = len(ArchiveView(self.archive).mails)
        expected = self.read(self.source)
        summary, proxy = self.counted()
        self.assert_holds(expected)
        self.assertEqual(len(ArchiveView(self.archive).mails), before, "something was stored twice")
        self.assertLess(proxy.bodies, summary["listed"] // 2)

    def test_shows_what_a_deleted_folder_held_in_the_earlier_snapshot_only(self):
        self.counted()
        expected = self.read(self.source)
        with truth.Imap(self.source.imap) as imap:
            imap.ask("DELETE Work")
        self.counted()
        view = ArchiveView(self.archive)
        self.assertNotIn("Work", view.mailbox())
        self.assert_holds(expected, view, view.snapshots()[0])

    def test_with_full_compares_everything_and_stores_nothing_new(self):
        self.counted()
        summary, _ = self.counted("--full")
        self.assertEqual((summary["stored"], summary["failed"]), (0, 0))
        self.assertEqual(summary["listed"], summary["held"])

    def test_leaves_out_what_the_filters_say(self):
        expected = self.read(self.source)
        summary, _ = self.counted("--max-size", "10K", "--exclude", "Junk")
        wanted = [m for name, f in expected.items() if name != "Junk" for m in f.messages.values()]
        small = [m for m in wanted if m.size <= 10240]
        self.assertEqual((summary["listed"], summary["skipped"]), (len(wanted), len(wanted) - len(small)))
        self.assertEqual(set(ArchiveView(self.archive).mails), {m.content for m in small})

    def test_of_a_plan_changes_nothing(self):
        self.counted()
        files = {p: p.stat().st_mtime_ns for p in self.archive.rglob("*") if p.is_file()}
        result = self.home.run("backup", self.source.url(), self.archive, "--dry-run", password="secret-of-alice")
        self.assertEqual(result.code, 0, str(result))
        self.assertIn("INBOX", result.text + result.err)
        self.assertEqual({p: p.stat().st_mtime_ns for p in self.archive.rglob("*") if p.is_file()}, files)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""An archive outlives the program: plain tools read it, damage is named and contained, the cache does not matter."""
import hashlib
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import archive_view, mailgen, truth  # noqa: E402
from support.archive_view import ArchiveView  # noqa: E402
from support.case import Case, main  # noqa: E402
from support.faultserver import FaultyPop3  # noqa: E402
from support.proxy import Proxy  # noqa: E402


def shell(script, cwd, expect=0):
    done = subprocess.run(["bash", "-c", script], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"{script}\nexit {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}")
    return done


def hashes(folder):
    return {hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.eml")}


class Archived(Case):
    codec = "zstd"

    def setUp(self):
        super().setUp()
        self.source = self.server().fill("alice", mailgen.mailbox(seed=21, count=300, largest=2 << 20))
        self.source.start()
        self.expected = self.read(self.source)
        self.contents = {m.content for f in self.expected.values() for m in f.messages.values()}
        self.backup(self.source.url(), "--as", "imap:a@b", "--codec", self.codec)

    def again(self, *words, expect=0, **more):
        with Proxy(self.source.imap) as proxy:
            result = self.backup(self.source.url(port=proxy.port), "--as", "imap:a@b", *words, expect=expect, **more)
        return result.summary, proxy


class PlainTools(Archived):
    unpack = 'for p in packs/*/*/*.tar.zst; do zstd -dc "$p" | tar -C OUT -xf - || echo "DAMAGED $p"; done'
    hash_check = ("cd OUT && find mail -name '*.eml' -exec sha256sum {} + | awk '{h=$1; sub(/^[^ ]*  /,\"\"); f=$0; "
                  "sub(/.*\\//,\"\",f); if (f != h \".eml\") {print \"BAD \" $0; b=1}} END {exit b}'")
    salvage = ("LC_ALL=C grep -aboP '\\x28\\xb5\\x2f\\xfd' {} | cut -d: -f1 | while read o; do tail -c +$((o+1)) {} | "
               "zstd -dcq | tar -C OUT -x --ignore-zeros --skip-old-files -f -; done")

    def test_give_every_message_back(self):
        out = self.archive / "OUT"
        out.mkdir()
        done = shell("export LC_ALL=C.UTF-8; " + self.unpack, self.archive)
        self.assertNotIn(b"DAMAGED", done.stdout)
        shell("export LC_ALL=C.UTF-8; " + self.hash_check, self.archive)
        self.assertEqual(hashes(out), self.contents)
        self.assertEqual({p.suffix for p in (out / "mail").rglob("*") if p.is_file()}, {".eml"})

    def test_are_explained_in_the_archive_itself(self):
        text = (self.archive / "README.txt").read_text()
        for word in ("tar", "sha256sum", "zstd -dc", "gzip -dc", "grep -aboP"):
            self.assertIn(word, text)

    def test_the_lines_of_the_readme_work_as_they_stand(self):
        lines = [line.strip() for line in (self.archive / "README.txt").read_text().splitlines()]
        suffix = "zst" if self.codec == "zstd" else "gz"
        line = next(x for x in lines if x.startswith("for p in packs/") and f".tar.{suffix}" in x.split(";")[0])
        (self.archive / "OUT").mkdir()
        shell("export LC_ALL=C.UTF-8\n" + line, self.archive)
        self.assertEqual(hashes(self.archive / "OUT"), self.contents)

    def test_give_all_but_one_frame_back_after_a_flipped_bit(self):
        pack = max(archive_view.packs(self.archive), key=lambda p: p.stat().st_size)
        pack.chmod(0o600)
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 0x10
        pack.write_bytes(data)
        (self.archive / "OUT").mkdir()
        shell(self.salvage.replace("{}", str(pack)), self.archive, expect=None)
        for other in archive_view.packs(self.archive):
            if other != pack:
                shell(self.salvage.replace("{}", str(other)), self.archive, expect=None)
        found = hashes(self.archive / "OUT")
        self.assertGreater(len(found & self.contents), len(self.contents) * .9)


class PlainToolsOnGzip(PlainTools):
    codec = "gzip"
    unpack = 'for p in packs/*/*/*.tar.gz; do gzip -dc "$p" | tar -C OUT -xf - || echo "DAMAGED $p"; done'
    salvage = PlainTools.salvage.replace("x28\\xb5\\x2f\\xfd", "x1f\\x8b\\x08").replace("zstd -dcq", "gzip -dcq")

    def test_read_all_packs_as_one_stream(self):
        (self.archive / "OUT").mkdir()
        shell("cat packs/*/*/*.tar.gz | tar -xzif - -C OUT", self.archive)
        self.assertEqual(hashes(self.archive / "OUT"), self.contents)


class Damage(Archived):
    def flip(self, pack, at):
        pack.chmod(0o600)
        data = bytearray(pack.read_bytes())
        data[at] ^= 1
        pack.write_bytes(data)

    def test_is_found_named_and_mended_by_the_next_backup(self):
        pack = max(archive_view.packs(self.archive), key=lambda p: p.stat().st_size)
        self.flip(pack, pack.stat().st_size // 2)
        result = self.home.run("check", self.archive, "--read-data")
        self.assertEqual(result.code, 5, str(result))
        self.assertIn(pack.name, result.text + result.err)
        json_result = self.home.run("check", self.archive, "--read-data", "--json")
        lost = [m for e in json_result.events if e["event"] == "problem" for m in e["messages"]]
        self.assertGreater(len(lost), 0, "the mail is not named")
        self.assertLess(len(lost), 60, "the damage was not contained")

    def test_of_a_message_gives_5_and_never_wrong_bytes(self):
        pack = max(archive_view.packs(self.archive), key=lambda p: p.stat().st_size)
        self.flip(pack, pack.stat().st_size // 2)
        out = self.folder / "export"
        done = self.home.run("export", self.archive, out, "--json")
        self.assertEqual(done.code, 5, str(done))
        self.assertGreater(done.summary["failed"], 0)
        for content in hashes(out):
            self.assertIn(content, self.contents)

    def test_of_the_table_of_contents_costs_nothing(self):
        for pack in archive_view.packs(self.archive):
            self.flip(pack, pack.stat().st_size - 20)   # the trailer
        out = self.folder / "export"
        done = self.home.run("export", self.archive, out)
        self.assertEqual(done.code, 0, str(done))
        self.assertEqual(hashes(out), self.contents)

    def test_of_a_lost_pack_is_told_by_the_next_backup(self):
        max(archive_view.packs(self.archive), key=lambda p: p.stat().st_size).unlink()
        result = self.backup(self.source.url(), "--as", "imap:a@b")
        notes = [line for line in result.err.splitlines() if "missing or damaged" in line]
        self.assertEqual(len(notes), 1, result.err)
        self.assertIn("postferry check", notes[0])
        self.assert_holds(self.read(self.source))

    def test_of_mail_that_only_the_archive_had_is_no_success(self):
        raws = [b"Subject: %d\r\n\r\n" % n + b"".join(hashlib.sha256(b"%d %d" % (n, k)).hexdigest().encode() + b"\r\n"
                                                       for k in range(100)) for n in range(10)]
        self.archive = self.folder / "of a drop"
        with FaultyPop3(raws) as server:
            def again(expect):
                return self.backup(server.url(), "--as", "isp", password=server.password, expect=expect)
            again(0)
            pack = max(archive_view.packs(self.archive), key=lambda p: p.stat().st_size)
            del server.messages[:4], server.uidls[:4]
            again(0)
            pack.unlink()
            result = again(3)
            self.assertEqual((result.summary["stored"], result.summary["complete"]), (6, False))
            self.assertIn("4 messages are in no pack any more", result.err)
            again(0)  # it has been said

    def test_of_a_lost_pack_is_found_and_mended(self):
        pack = max(archive_view.packs(self.archive), key=lambda p: p.stat().st_size)
        pack.rename(self.folder / "lost")
        self.check(expect=5)
        # unchanged folders are not looked into, unless what they name is gone
        with truth.Imap(self.source.imap) as imap:
            imap.ask("APPEND INBOX {}", b"Subject: one more\r\n\r\nx\r\n")
        self.again("--full")
        self.assert_holds(self.read(self.source))
        latest = self.home.run("export", self.archive, self.folder / "mended")
        self.assertEqual(latest.code, 0, str(latest))


class Catalog(Archived):
    def cache(self):
        files = list((self.home.root / "cache").rglob("*.db"))
        self.assertEqual(len(files), 1, files)
        return files[0]

    def unchanged(self):
        with truth.Imap(self.source.imap) as imap:   # so that INBOX is looked into
            imap.ask("APPEND INBOX {}", b"Message-ID: <new@x>\r\nSubject: new\r\n\r\nbody\r\n")
        summary, proxy = self.again()
        self.assertEqual(proxy.bodies, 1, "mail was fetched again")
        self.assert_holds(self.read(self.source))
        self.check("--read-data")

    def test_deleted_costs_no_mail(self):
        shutil.rmtree(self.home.root / "cache")
        self.unchanged()

    def test_full_of_garbage_costs_no_mail(self):
        self.cache().write_bytes(b"this is no database" * 1000)
        self.unchanged()

    def test_empty_costs_no_mail(self):
        file = self.cache()
        database = sqlite3.connect(file)
        tables = [row[0] for row in database.execute("select name from sqlite_master where type='table' and name not like 'sqlite_%'")]
        for table in tables:
            database.execute(f'delete from "{table}"')
        database.commit()
        database.close()
        self.unchanged()

    def test_of_an_older_state_costs_no_mail(self):
        old = self.folder / "old.db"
        shutil.copy(self.cache(), old)
        with truth.Imap(self.source.imap) as imap:
            imap.ask("APPEND INBOX {}", b"Subject: between\r\n\r\nx\r\n")
        self.again()
        for file in self.cache().parent.glob("*.db-*"):
            file.unlink()
        shutil.copy(old, self.cache())
        self.unchanged()

    def test_does_not_mind_a_moved_archive(self):
        moved = self.folder / "elsewhere"
        shutil.copytree(self.archive, moved)
        self.archive = moved
        self.unchanged()

    def test_does_not_believe_in_packs_that_are_gone(self):
        # put back from an older copy: what the cache knows is not there any more
        copy = self.folder / "copy"
        shutil.copytree(self.archive, copy)
        with truth.Imap(self.source.imap) as imap:
            imap.ask("APPEND INBOX {}", b"Message-ID: <later@x>\r\nSubject: later\r\n\r\nx\r\n")
        self.again()
        shutil.rmtree(self.archive)
        copy.rename(self.archive)
        self.again()
        self.assert_holds(self.read(self.source))

    def test_is_rebuilt_where_it_is_told_to_lie(self):
        file = self.folder / "my catalog.db"
        summary, _ = self.again("--catalog", str(file))
        self.assertEqual(summary["stored"], 0)
        self.assertTrue(file.exists())
        self.assertEqual(file.stat().st_mode & 0o077, 0)


class ReadOnly(Archived):
    def test_an_archive_that_cannot_be_written_can_be_read(self):
        for p in sorted(self.archive.rglob("*"), reverse=True):
            p.chmod(0o500 if p.is_dir() else 0o400)
        self.archive.chmod(0o500)
        for words in (["snapshots"], ["ls"], ["check", "--read-data"]):
            done = self.home.run(words[0], self.archive, *words[1:])
            self.assertEqual(done.code, 0, str(done))
        content = next(iter(self.contents))
        shown = self.home.run("show", self.archive, content[:16])
        self.assertEqual(hashlib.sha256(shown.out).hexdigest(), content)
        for p in self.archive.rglob("*"):
            p.chmod(0o700 if p.is_dir() else 0o600)
        self.archive.chmod(0o700)

    def test_nothing_in_it_is_for_others_to_see(self):
        for p in [self.archive, *self.archive.rglob("*")]:
            self.assertEqual(p.stat().st_mode & 0o077, 0, p)

    def test_names_are_those_of_the_format(self):
        for pack in archive_view.packs(self.archive):
            self.assertRegex(pack.name, r"^\d{8}T\d{6}Z-[0-9a-f]{32}\.tar\.(zst|gz)$")
            self.assertEqual(hashlib.sha256(pack.read_bytes()).hexdigest()[:32], re.search(r"-([0-9a-f]{32})", pack.name)[1])
        view = ArchiveView(self.archive)
        self.assertEqual(view.wrong, [])


if __name__ == "__main__":
    main()

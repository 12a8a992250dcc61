#!/usr/bin/env python3
"""A source that is emptied after its backup: whatever happens, no message is gone that the archive cannot give back."""
import base64
import hashlib
import random
import re
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import archive_view, mailgen, truth  # noqa: E402
from support.archive_view import ArchiveView  # noqa: E402
from support.case import Case, main  # noqa: E402
from support.faultserver import FaultyPop3  # noqa: E402
from support.pushcase import USERS, canonical  # noqa: E402

PASSWORD = "secret-of-alice"


def messages(count, of=""):
    return [b"Message-ID: <%d%s@example.net>\r\nSubject: %d\r\n\r\nbody %d\r\n" % (i, of.encode(), i, i) for i in range(count)]


class Release(Case):
    def job(self, server, days=0, scheme=None, **rules):
        url = (server.url(scheme) if scheme else server.url()).split("/?")[0]
        rule = "".join(f"{key} = {value}\n" for key, value in rules.items())
        self.home.configure(f"""[accounts.isp]
url = "{url}"
tls = "off"
archive_as = "isp"
password = "{PASSWORD}"
[archives.safe]
path = "{self.archive}"
[jobs.empty]
from = ["isp"]
to = "safe"
after = "delete"
delete_after_days = {days}
{rule}""")

    def run_job(self, *words, expect=0):
        result = self.home.run("run", "empty", "--json", "--max-wait", "2", *words)
        self.assertEqual(result.code, expect, str(result))
        return result

    def exported(self, *words):
        target = self.folder / f"export-{len(list(self.folder.iterdir()))}"
        result = self.home.run("export", self.archive, target, "--format", "eml", *words)
        self.assertEqual(result.code, 0, str(result))
        return sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in target.rglob("*.eml"))

    def assert_all_are_safe(self, raws):
        self.assertEqual(self.exported(), sorted(hashlib.sha256(raw).hexdigest() for raw in raws))
        self.assertEqual(self.home.run("check", self.archive, "--read-data").code, 0)

    def states(self):
        return [entry.get("state") for entry in ArchiveView(self.archive).mailbox()["INBOX"].values()]

    def test_empties_a_drop_and_keeps_all_of_it(self):
        raws = messages(30)
        with FaultyPop3(raws) as server:
            self.job(server)
            summary = self.run_job().summary
            self.assertEqual((summary["stored"], summary["released"]), (30, 30))
            self.assertEqual(server.messages, [])
            self.assert_all_are_safe(raws)
            self.assertEqual(self.exported("--only-present"), [])
            self.assertEqual(self.states(), ["released"] * 30)
            # what comes later is added, and nothing is lost by it
            server.messages += messages(2, "later")
            server.uidls += ["id0", "later"]  # a UIDL that was used before
            summary = self.run_job().summary
            self.assertEqual(summary["released"], 2, summary)
            self.assert_all_are_safe(raws + messages(2, "later"))
            summary = self.run_job().summary
            self.assertEqual((summary["listed"], summary["released"], summary["complete"]), (0, 0, True))

    def test_deletes_nothing_before_its_day(self):
        with FaultyPop3(messages(5)) as server:
            self.job(server, days=1)
            self.assertEqual(self.run_job().summary["released"], 0)
            self.assertEqual(len(server.messages), 5)
            self.assertFalse([line for line in server.log if line.startswith("DELE")])

    def test_deletes_no_more_than_it_may(self):
        raws = messages(12)
        with FaultyPop3(raws) as server:
            self.job(server, max_deletions=5)
            for left, postponed in ((7, 7), (2, 2), (0, 0)):
                summary = self.run_job().summary
                self.assertEqual((len(server.messages), summary["release_postponed"]), (left, postponed))
        self.assert_all_are_safe(raws)

    def test_leaves_what_the_job_does_not_take(self):
        raws = messages(4) + [b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n" * 2000]
        with FaultyPop3(raws) as server:
            self.home.configure("")
            self.backup(server.url(), "--as", "isp")  # all of it is held
            self.job(server, max_size='"2k"')
            self.assertEqual(self.run_job().summary["released"], 4)
            self.assertEqual(server.messages, raws[4:])

    def lost_line(self, raws, hang, after, expect):
        self.archive = self.folder / f"archive-{len(list(self.folder.iterdir()))}"
        with FaultyPop3(raws) as server:
            hang(server)
            self.job(server)
            summary = self.run_job(expect=expect).summary
            self.assertEqual(len(server.messages), after)
            self.assertEqual(summary["released"], 0)
            self.assert_all_are_safe(raws)
            server.on_dele = lambda number: None
            server.on_quit = lambda: None
            self.run_job()
            self.assertEqual(server.messages, [])
            self.assert_all_are_safe(raws)
            self.assertEqual(self.states(), ["released"] * len(raws))

    def test_a_line_lost_at_every_command_loses_no_mail(self):
        raws = messages(6)

        def at_dele(number):
            def hang(server):
                server.on_dele = lambda n: "close" if n == number else None
            return hang

        def at_quit(how):
            def hang(server):
                server.on_quit = lambda: how if any(line.startswith("DELE") for line in server.log) else None
            return hang

        cases = {f"dele {n}": (at_dele(n), 6) for n in (1, 3, 6)}
        cases.update({"before quit": (at_quit("close"), 6), "after quit": (at_quit("silent"), 0), "quit refused": (at_quit("err"), 3)})
        for name, (hang, after) in cases.items():
            with self.subTest(name):
                self.lost_line(raws, hang, after, expect=3)

    def test_what_the_server_refuses_stays_and_is_named(self):
        raws = messages(6)
        with FaultyPop3(raws) as server:
            server.on_dele = lambda number: "err" if number == 4 else None
            self.job(server)
            result = self.run_job(expect=3)
            self.assertEqual((result.summary["released"], result.summary["not_released"]), (5, 1))
            self.assertIn("UIDL id3: the server refuses to delete it: cannot delete", result.err)
            self.assertEqual(server.messages, raws[3:4])
            self.assertEqual(sorted(map(str, self.states())), ["None"] + ["released"] * 5)
            server.on_dele = lambda number: None
            self.assertEqual(self.run_job().summary["released"], 1)
        self.assert_all_are_safe(raws)

    def test_a_damaged_archive_stops_everything(self):
        noise = random.Random(1)
        raws = [raw + base64.encodebytes(noise.randbytes(600)).replace(b"\n", b"\r\n") for raw in messages(20)]
        with FaultyPop3(raws) as server:
            self.job(server, days=1)
            self.run_job()
            pack = max(archive_view.packs(self.archive), key=lambda one: one.stat().st_size)  # the one with the mail
            pack.chmod(0o644)
            data = bytearray(pack.read_bytes())
            data[len(data) // 2] ^= 1  # in the mail
            pack.write_bytes(data)
            self.job(server)
            result = self.run_job(expect=5)
            self.assertIn("nothing is deleted, for a message could not be read back", result.err)
            self.assertEqual(len(server.messages), 20)
            self.assertFalse([line for line in server.log if line.startswith("DELE")])

    def test_a_shrunk_listing_stops_everything(self):
        raws = messages(250)
        with FaultyPop3(raws) as server:
            self.job(server, days=1)
            self.run_job()
            server.delete(range(101, 251))
            self.job(server)
            self.assertEqual(self.run_job(expect=3).summary["released"], 0)
            self.assertEqual(len(server.messages), 100)
            self.assertEqual(self.run_job("--accept-shrink").summary["released"], 100)
        self.assert_all_are_safe(raws)

    def test_uidls_given_to_other_messages_before_the_release(self):
        raws = messages(8)
        for top in (True, False):
            with self.subTest(top=top), FaultyPop3(raws) as server:
                self.archive = self.folder / f"archive-{top}"
                if not top:
                    server.capabilities = ["UIDL", "USER"]

                def change(count):
                    # the session that has read all is cut off; in the next one other mail has the old UIDLs
                    if count == self.release_at:
                        raise server.HangUp
                    if count == self.release_at + 1:
                        server.messages[:4] = [raw.replace(b"example.net", b"example.org") for raw in raws[:4]]
                self.job(server, days=1)
                self.run_job()
                self.release_at = server.uidl_count + 2
                server.on_uidl = change
                self.job(server)
                result = self.run_job(expect=3)
                self.assertEqual((result.summary["released"], result.summary["not_released"]), (4, 4))
                self.assertIn("another message has its UIDL now", result.err)
                self.assertEqual(len(server.messages), 4)
                self.assert_all_are_safe(raws)

    def test_without_sound_uidls_the_content_decides(self):
        twins = messages(6) + messages(2)
        for name, uidls in {"numbers": [str(i + 1) for i in range(8)], "doubled": ["same"] * 8}.items():
            with self.subTest(name), FaultyPop3(twins, uidls=list(uidls)) as server:
                self.archive = self.folder / name
                self.job(server)
                self.assertEqual(self.run_job().summary["released"], 8)
                self.assertEqual(server.messages, [])
                self.assert_all_are_safe(twins)

    def test_the_evening_of_the_readme(self):
        text = (Path(__file__).resolve().parents[2] / "README.md").read_text()
        page = text[text.index("## From POP3 to IMAP in one evening"):]
        config, commands = (page.split(fence, 1)[1].split("```", 1)[0] for fence in ("```toml\n", "```sh\n"))
        server = self.server(users=USERS).fill("alice", mailgen.mailbox(count=40, largest=50000, awkward=False))
        with server:
            here = 'host = "127.0.0.1"\nport = {}\ntls = "off"\nuser = "{}"\npassword_command = ["echo", "{}"]\n'
            for name, port, user in (("isp", server.pop3, "alice"), ("home", server.imap, "bert")):
                profile = re.search(rf'\[accounts.{name}\]\n(profile = ".*")\n', config)
                config = re.sub(rf"\[accounts.{name}\]\n(?:[a-z_]+ = .*\n)+",
                                f"[accounts.{name}]\n{profile[1]}\n" + here.format(port, user, server.users[user]), config)
            config = config.replace("~/MailArchive", str(self.archive)).replace("delete_after_days = 30", "delete_after_days = 0")
            self.home.configure(config)
            for line in commands.splitlines():
                words = shlex.split(line, comments=True)
                self.assertEqual(words.pop(0), "postferry")
                result = self.home.run(*words)
                self.assertEqual(result.code, 0, f"{line}\n{result}")
            self.assertIn("deleted at the source", result.text)
            with truth.Imap(server.imap, "bert", server.users["bert"]) as imap:
                imap.examine(b"Imported")
                there = imap.messages()
            with truth.Pop3(server.pop3) as pop3:
                self.assertEqual(pop3.read(), {})
        self.assertEqual(len(there), len(self.exported()))
        self.assertTrue(all("\\Seen" in message.flags for message in there.values()))

    def test_dovecot_over_pop3_and_imap(self):
        for scheme in ("pop3", "imap"):
            with self.subTest(scheme):
                self.archive = self.folder / f"archive-{scheme}"
                server = self.server(name=scheme).fill("alice", mailgen.mailbox(count=60, largest=100000))
                with server:
                    self.job(server, scheme=scheme)
                    summary = self.run_job().summary
                    self.assertEqual(summary["released"], summary["listed"])
                    again = self.run_job().summary
                    self.assertEqual((again["listed"], again["complete"]), (0, True))
                    raws = self.exported()
                    self.assertEqual(len(raws), summary["listed"])
                    result = self.home.run("restore", self.archive, server.url("imap"), "--under", "Back", "--repair", "--json",
                                           password=PASSWORD)
                    self.assertEqual((result.code, result.summary["stored"]), (0, summary["listed"]), str(result))


class IntoAnAccount(Case):
    """The same where the mail goes to another account: it is what gives everything back."""

    def setUp(self):
        super().setUp()
        self.there = self.server(users=USERS)
        self.there.start()

    def job(self, url, days=0):
        self.home.configure(f"""[accounts.isp]
url = "{url.split("/?")[0]}"
tls = "off"
password = "{PASSWORD}"
[accounts.home]
url = "{self.there.url(user="bert").split("/?")[0]}"
tls = "off"
password = "{USERS["bert"]}"
[jobs.move]
from = ["isp"]
to = "home"
map = {{ "INBOX" = "Old" }}
after = "delete"
delete_after_days = {days}
""")

    def run_job(self, expect=0):
        result = self.home.run("run", "move", "--json", "--max-wait", "2")
        self.assertEqual(result.code, expect, str(result))
        return result.summary

    def assert_arrived(self, raws, folder=b"Old"):
        found = []
        with truth.Imap(self.there.imap, "bert", USERS["bert"]) as imap:
            imap.examine(folder)
            imap.messages(keep=lambda uid, body: found.append(canonical(body)))
        self.assertEqual(sorted(found), sorted(canonical(raw) for raw in raws))

    def expunge(self, uid):
        with truth.Imap(self.there.imap, "bert", USERS["bert"]) as imap:
            imap.examine(b"Old", "SELECT")
            imap.ask(f"UID STORE {uid} +FLAGS (\\Deleted)")
            imap.ask(f"UID EXPUNGE {uid}")

    def test_empties_a_drop_whose_mail_has_arrived(self):
        raws, later = messages(20), [raw.replace(b"body", b"BODY") for raw in messages(2)]
        with FaultyPop3(raws) as server:
            self.job(server.url())
            summary = self.run_job()
            self.assertEqual((summary["stored"], summary["released"]), (20, 20))
            self.assertEqual(server.messages, [])
            self.assert_arrived(raws)
            server.messages += later      # the same sizes, and UIDLs that were used before
            server.uidls += ["id0", "id1"]
            self.assertEqual(self.run_job()["released"], 2)
            self.assert_arrived(raws + later)
            self.assertEqual(self.run_job()["listed"], 0)

    def test_waits_for_its_day(self):
        with FaultyPop3(messages(3)) as server:
            self.job(server.url(), days=1)
            self.assertEqual([self.run_job()["released"] for _ in range(2)], [0, 0])
            self.assertEqual(len(server.messages), 3)

    def test_what_was_lost_there_is_sent_again_first(self):
        raws = messages(6)
        with FaultyPop3(raws) as server:
            self.job(server.url(), days=1)
            self.run_job()
            self.expunge(3)
            self.job(server.url())
            summary = self.run_job()
            self.assertEqual((summary["stored"], summary["released"]), (1, 6))
        self.assert_arrived(raws)

    def test_a_lost_line_loses_and_doubles_nothing(self):
        raws = messages(5)
        for name, fault in {"dele": ("on_dele", lambda number: "close" if number == 3 else None), "silent": ("on_quit", None)}.items():
            with self.subTest(name), FaultyPop3(raws) as server:
                hook, how = fault
                setattr(server, hook, how or (lambda server=server: "silent" if any(w.startswith("DELE") for w in server.log) else None))
                self.job(server.url())
                self.assertEqual(self.run_job(expect=3)["release_unknown"], 5)
                self.assert_arrived(raws)
                server.on_dele, server.on_quit = lambda number: None, lambda: None
                self.run_job()
                self.assertEqual(server.messages, [])
                self.assert_arrived(raws)

    def test_dovecot_to_dovecot(self):
        here = self.server(name="here").fill("alice", mailgen.mailbox(count=50, largest=60000))
        with here:
            before = {}
            with truth.Imap(here.imap) as imap:
                imap.examine(b"INBOX")
                imap.messages(keep=before.__setitem__)
            self.job(here.url())
            summary = self.run_job()
            self.assertEqual(summary["released"], summary["listed"])
            self.assertEqual(self.run_job()["listed"], 0)
        self.assert_arrived(before.values())


if __name__ == "__main__":
    main()

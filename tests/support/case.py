"""What the tests of the live and cli tiers stand on."""
import datetime
import os
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import archive_view, truth  # noqa: E402
from support.postferry import Home  # noqa: E402

FULL = os.environ.get("POSTFERRY_TEST_FULL") == "1"   # the long matrices


class Case(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="postferry-"))
        self.folder.chmod(0o755)  # Dovecot's mail user passes through
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.home = Home(self.folder / "home")
        self.archive = self.folder / "archive"

    def comes(self, condition):
        """Waits until it is true, at most 20 seconds; whether it is."""
        deadline = time.monotonic() + 20
        while not condition() and time.monotonic() < deadline:
            time.sleep(.005)
        return condition()

    def server(self, *words, **more):
        from support.dovecot import Dovecot
        server = Dovecot(self.folder / more.pop("name", "dovecot"), *words, **more)
        self.addCleanup(server.stop)
        self.home.secrets.update(server.users.values())
        return server

    # One backup by URL. The exit status is part of what is asked for.
    def backup(self, url, *words, expect=0, password="secret-of-alice", archive=None, **more):
        result = self.home.run("backup", url, archive or self.archive, "--json", *words, password=password, **more)
        self.assertEqual(result.code, expect, str(result))
        return result

    def check(self, *words, expect=0, archive=None):
        result = self.home.run("check", archive or self.archive, *words)
        self.assertEqual(result.code, expect, str(result))
        return result

    def assert_balanced(self, summary):
        """Every listed message has exactly one state."""
        states = sum(summary[word] for word in ("stored", "held", "skipped", "failed"))
        self.assertEqual(summary["listed"], states, summary)

    def assert_holds(self, expected, view=None, snapshot=None):
        """The snapshot says what the server said: folders, UIDs, bytes, flags, keywords, dates. `expected`: truth.read."""
        view = view or archive_view.ArchiveView(self.archive)
        snapshot = snapshot or view.latest()
        self.assertEqual(view.wrong, [])
        self.assertEqual(view.missing(snapshot), [])
        declared = {archive_view.path(folder): folder for folder in snapshot["folders"]}
        selectable = {name for name, folder in expected.items() if not {"\\Noselect", "\\NonExistent"} & folder.attributes}
        self.assertEqual(selectable, {p for p, f in declared.items() if f.get("selectable", True)})
        mailbox = view.mailbox(snapshot)
        for name in selectable:
            folder, held = expected[name], mailbox[name]
            self.assertEqual(str(declared[name].get("uidvalidity")), str(folder.uidvalidity), name)
            self.assertEqual(sorted(held), sorted(folder.messages), name)
            for uid, message in folder.messages.items():
                entry = held[uid]
                where = f"{name} uid {uid}"
                self.assertEqual(entry["content"], message.content, where)
                self.assertEqual(entry["size"], message.size, where)
                self.assertEqual(view.mails[entry["content"]][0], message.size, where)
                self.assertEqual(archive_view.flags_of(entry), message.flags, where)
                self.assertEqual(instant_and_zone(entry["date"]), instant_and_zone(message.date), where)

    def read(self, server, **who):
        return truth.read(server.imap, **who)


def instant_and_zone(text):
    """Of "17-Jul-1996 02:44:25 -0700" and of "1996-07-17T02:44:25-07:00" the same."""
    try:
        when = datetime.datetime.strptime(text, "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return when, when.utcoffset()


def main():
    unittest.main(verbosity=2)

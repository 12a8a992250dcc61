#!/usr/bin/env python3
"""A migration to Cyrus, which refuses names and mail, and to an account that mbsync has filled before."""
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen, mbsync  # noqa: E402
from support.case import FULL, main  # noqa: E402
from support.cyrus import Cyrus  # noqa: E402
from support.proxy import Proxy  # noqa: E402
from support.pushcase import USERS, PushCase, appends  # noqa: E402


class ToCyrus(PushCase):
    def test_brings_all_but_what_it_refuses_and_names_that(self):
        server = self.pair(mailgen.sets("S" if FULL else "small"))
        count = sum(len(folder.messages) for folder in self.mailbox_of("alice").values())
        # as it comes it writes X for each 8-bit byte of a header
        with Cyrus(self.home.root / "cyrus", users={"carol": "secret-of-carol"}, more="munge8bit: no") as cyrus, \
                Proxy(cyrus.imap) as proxy:
            there = {"POSTFERRY_TO_PASSWORD": "secret-of-carol"}
            to = cyrus.url(user="carol", port=proxy.port)
            refused = 0 if FULL else 8  # of the awkward kinds, which the large set has not
            expect = 3 if refused else 0

            first = self.command("migrate", server.url(user="alice"), to, "--json", env=there, expect=expect)
            summary = first.summary
            failed = [event for event in first.events if event["event"] == "failed"]
            self.assertEqual((summary["listed"], summary["failed"], summary["stored"]), (count, refused, count - refused), summary)
            self.assertEqual(len(failed), refused)
            replaced = [e for e in first.events if e["event"] == "note" and "refuses this name" in e["text"]]
            self.assertEqual({e["folder"] for e in replaced} & {'He said "hi"', "50% off*"}, {'He said "hi"', "50% off*"})

            proxy.reset()
            again = self.command("migrate", server.url(user="alice"), to, "--json", env=there, expect=expect).summary
            self.assertEqual((again["held"], again["stored"], again["failed"]), (count - refused, 0, refused), again)
            compared = self.command("compare", server.url(user="alice"), to, "--deep", "--json", expect=expect,
                                    env={"POSTFERRY_FROM_PASSWORD": USERS["alice"], **there}).summary
            self.assertEqual((compared["same"], compared["only_a"]), (count - refused, refused), compared)


class AfterMbsync(PushCase):
    def test_sends_nothing_that_it_has_brought(self):
        server = self.pair(mailgen.mailbox(seed=11, count=150, largest=60000, awkward=False))
        count = sum(len(folder.messages) for folder in self.mailbox_of("alice").values())
        config = self.home.root / "mbsyncrc"
        state = self.home.root / "mbsync"
        state.mkdir()
        stores = [mbsync.imap_store(name, server.imap, user, USERS[user]) for name, user in (("far", "alice"), ("near", "bert"))]
        config.write_text("".join(stores) + mbsync.pull(f"{state}/"))
        subprocess.run(["mbsync", "-c", config, "-q", "-a"], check=True, stdin=subprocess.DEVNULL, timeout=120)

        with Proxy(server.imap) as proxy:
            summary = self.command("migrate", server.url(user="alice"), server.url(user="bert", port=proxy.port).replace("127.0.0.1", "localhost"),
                                   "--json").summary
            self.assertEqual((appends(proxy), summary["listed"], summary["failed"]), (0, count, 0), summary)
            self.assertEqual(summary["recognised"], count, summary)
        self.assertEqual(sum(len(folder.messages) for folder in self.mailbox_of("bert").values()), count)


if __name__ == "__main__":
    main()

"""What the tests of a destination that refuses or loses something have in common: two accounts, one of them behind relays."""
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mailgen  # noqa: E402
from support.imap_relay import ImapRelay  # noqa: E402
from support.pushcase import PushCase, contents  # noqa: E402

DATE = 1600000000


def numbered(folder, first, end):
    text = "Message-ID: <{0}@{1}.example.net>\nFrom: Ann <ann@example.net>\nSubject: number {0} of {1}\n\nbody {0}\n"
    return [mailgen.Mail(text.format(i, folder).encode(), DATE + i, "S") for i in range(first, end)]


class RelayCase(PushCase):
    """alice has 30 messages in INBOX and 10 in Work; bert's server is behind relays that keep their ports: a port is part of
    an account's name, and with another one the ledger would be another one too."""

    MAIL = {"INBOX": numbered("INBOX", 0, 30), "Work": numbered("Work", 0, 10)}

    def setUp(self):
        super().setUp()
        server = self.pair(mailgen.Mailbox(self.MAIL))
        self.source = contents(self.mailbox_of("alice"))
        self.relays = {}
        for name, without in {"together": (), "singly": ("MULTIAPPEND",)}.items():
            relay = self.relays[name] = ImapRelay(server.imap, without=without).__enter__()
            self.addCleanup(relay.stop)

    def to(self, way, rule, *words, under="", expect=0):
        relay = self.relays[way]
        relay.reset()
        relay.rule = rule
        more = ("--under", under) if under else ()
        return self.migrate(*more, *words, to=self.server_.url(user="bert", port=relay.port), expect=expect)

    def missing(self, under=""):
        """folder -> what of the source does not lie there; that nothing is there which should not is asserted."""
        there = contents(self.mailbox_of("bert"))
        out = {}
        for name, mine in self.source.items():
            found = there.get(f"{under}/{name}" if under else name, Counter())
            self.assertEqual(found - mine, Counter(), f"{name}: too much")
            if mine != found:
                out[name] = (mine - found).total()
        return out

    def ends_complete(self, way, missing, under=""):
        """Run again when the cause is gone."""
        again = self.to(way, None, under=under).summary
        self.assertEqual((again["stored"], again["failed"], again["sent"]), (missing, 0, missing), again)
        self.assertEqual(self.missing(under), {})

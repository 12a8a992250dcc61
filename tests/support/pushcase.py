"""What the tests of migrate, restore and compare have in common: two accounts on one private server."""
import dataclasses
import datetime
import hashlib
import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import truth  # noqa: E402
from support.case import Case, instant_and_zone  # noqa: E402

USERS = {"alice": "secret-of-alice", "bert": "secret-of-bert", "carol": "secret-of-carol"}
PASSWORDS = {"POSTFERRY_FROM_PASSWORD": USERS["alice"], "POSTFERRY_TO_PASSWORD": USERS["bert"]}


def canonical(body):
    """SHA-256 over `canonical` v1 of the archive's FORMAT.md."""
    body = re.sub(rb"(?<!\r)\n", b"\r\n", body)
    return hashlib.sha256(body.rstrip(b"\r\n") + b"\r\n").hexdigest()


def appends(proxy):
    return sum(1 for line in proxy.commands if re.match(r"\S+ (UID )?APPEND ", line, re.I))


def selectable(mailbox):
    return {n: f for n, f in mailbox.items() if not {"\\Noselect", "\\NonExistent"} & f.attributes}


def contents(mailbox):
    """folder -> how often each message (content and flags) lies there."""
    return {name: Counter((m.content, m.flags) for m in folder.messages.values())
            for name, folder in selectable(mailbox).items()}


def dates(mailbox):
    """folder -> how often each message lies there with which date; without dates that cannot be, which are not kept."""
    latest = datetime.datetime.now(datetime.timezone.utc)
    earliest = datetime.datetime(1980, 1, 1, tzinfo=datetime.timezone.utc)
    out = {}
    for name, folder in selectable(mailbox).items():
        found = ((m.content, instant_and_zone(m.date)[0]) for m in folder.messages.values())
        out[name] = Counter(one for one in found if earliest <= one[1] <= latest)
    return out


class PushCase(Case):
    def pair(self, mailbox, **more):
        """alice has the mail, bert an empty account."""
        server = self.server(users=USERS, **more).fill("alice", mailbox)
        self.server_ = server.start()
        return server

    def command(self, *words, expect=0, env=None, **more):
        result = self.home.run(*words, env={**PASSWORDS, **(env or {})}, **more)
        self.assertEqual(result.code, expect, str(result))
        return result

    def migrate(self, *words, source=None, to=None, expect=0, **more):
        result = self.command("migrate", source or self.server_.url(), to or self.server_.url(user="bert"), "--json", *words,
                              expect=expect, **more)
        if result.events and result.events[-1]["event"] == "summary" and "listed" in result.events[-1] and "--dry-run" not in words:
            self.assert_balanced(result.summary)
        return result

    def compare(self, *words, a=None, b=None, expect=0, **more):
        return self.command("compare", a or self.server_.url(), b or self.server_.url(user="bert"), "--json", *words,
                            expect=expect, **more)

    def mailbox_of(self, user, server=None):
        """What lies there; `content` is the canonical hash, for a server may write line ends its own way."""
        out = {}
        server = server or self.server_
        with truth.Imap(server.imap, user, server.secret(user)) as imap:
            for name, (wire, attributes) in imap.folders().items():
                folder = out[name] = truth.Folder(name, attributes)
                if {"\\Noselect", "\\NonExistent"} & attributes:
                    continue
                imap.examine(wire)
                hashes = {}
                found = imap.messages(keep=lambda uid, body, hashes=hashes: hashes.__setitem__(uid, canonical(body)))
                folder.messages = {uid: dataclasses.replace(m, content=hashes[uid]) for uid, m in found.items()}
        return out

    def assert_same_mail(self, a="alice", b="bert"):
        mailbox_a, mailbox_b = self.mailbox_of(a), self.mailbox_of(b)
        mine, theirs = contents(mailbox_a), contents(mailbox_b)
        for name, messages in mine.items():
            self.assertEqual(theirs.get(name, Counter()), messages, name)
        theirs = dates(mailbox_b)
        for name, messages in dates(mailbox_a).items():
            self.assertEqual(messages - theirs[name], Counter(), name)

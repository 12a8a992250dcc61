#!/usr/bin/env python3
"""Mailboxes as they are: every awkward kind of message that real servers hold, in folders with awkward names.

The same seed gives the same bytes. `python3 mailgen.py SET FOLDER` writes a Maildir tree (Dovecot, LAYOUT=fs):

    demo   300 messages, every awkward kind            small  400, the same in all folders
    S      2,000 / 133 MB (median 12 KB, mean 66 KB)    M      20,000 / 1.4 GB, up to 25 MB
    L      100,000 small ones (median 2.5 KB)           T      10 of 41 MB
"""
import base64
import os
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mutf7  # noqa: E402

# Nested, not ASCII, blanks, quotes, wildcards, names that other systems reserve, names that differ in case or
# composition only. "Projekte" and the like exist as parents only: \Noselect.
FOLDERS = [
    "INBOX", "Sent", "Drafts", "Trash", "Junk", "Archive/2019", "Archive/2020/Q1", "Archive/2020/Q2",
    "Projekte/Überfällige Rechnungen", "Projekte/Größe & Maß", "日本語/メール", "Ответы/Срочно", "café", "cafe\u0301",
    "Work", "work", 'He said "hi"', "50% off*", "two  blanks", "a.b.c", "CON", "50 Triage: Emergency", "-rf ~",
    "$(id); `id`", "<b>bold</b>", "Emoji 📬", "back\\slash", "Lists/very/deeply/nested/folder",
]
EMPTY_FOLDERS = ["Empty", "Archive/empty too"]
KEYWORDS = ["$Forwarded", "$MDNSent", "NonJunk", "Wichtig", "$label1"]


@dataclass
class Mail:
    raw: bytes          # with LF line ends unless the kind says otherwise: the server sends CRLF
    date: int           # INTERNALDATE
    flags: str = ""     # of Maildir: D F P R S T
    keywords: tuple = ()
    kind: str = "plain"


@dataclass
class Mailbox:
    folders: dict = field(default_factory=dict)  # path -> [Mail]

    def count(self):
        return sum(map(len, self.folders.values()))


class Generator:
    def __init__(self, seed=1):
        self.random = random.Random(seed)
        words = [self._word() for _ in range(4000)]
        lines, line = [], ""
        for _ in range(120000):
            line += (" " if line else "") + words[min(int(self.random.expovariate(1 / 400)), 3999)]
            if len(line) > 68:
                lines.append(line)
                line = ""
        self.text = "\n".join(lines).encode()
        # attachments are slices of this: already compressed, as pictures and documents are
        self.noise = base64.encodebytes(self.random.randbytes(6 << 20))
        self.number = 0

    def _word(self):
        r = self.random
        return "".join(r.choice("bcdfghklmnprstvw") + r.choice("aeiou") for _ in range(r.randint(1, 4)))

    def _slice(self, of, size):
        out = []
        while size > 0:
            start = self.random.randrange(len(of))
            start = of.find(b"\n", start) + 1
            piece = of[start:start + size]
            out.append(piece)
            size -= max(1, len(piece))
        return b"".join(out)

    def body(self, size):
        return self._slice(self.text, size) + b"\n"

    def attachment(self, size):
        out = self._slice(self.noise, size)
        return out[:out.rfind(b"\n") + 1] or out + b"\n"

    def headers(self, subject="", message_id=True, extra=b""):
        r = self.random
        self.number += 1
        name, other = self._word().title(), self._word().title()
        subject = subject or self._slice(self.text, r.randint(10, 60)).decode().replace("\n", " ").strip()
        when = self._date()
        out = b"Return-Path: <%s@example.net>\n" % name.lower().encode()
        out += b"Received: from mail.example.net (mail.example.net [192.0.2.7])\n\tby mx.example.org with ESMTPS id %08X\n\tfor <me@example.org>; %s\n" % (
            r.getrandbits(32), rfc5322(when).encode())
        if message_id:
            out += b"Message-ID: <%d.%08x@%s.example.net>\n" % (self.number, r.getrandbits(32), name.lower().encode())
        out += "Date: {}\nFrom: {} {} <{}@example.net>\nTo: Me <me@example.org>\nSubject: {}\n".format(
            rfc5322(when), name, other, name.lower(), subject).encode()
        return out + extra, when

    def _date(self):
        return self.random.randint(946684800, 1764000000)  # 2000 to 2025

    # Text, often two alternatives, often with an attachment: `size` bytes in all, roughly.
    def plain(self, size, **more):
        head, when = self.headers(**more)
        if size < 3500:
            raw = head + b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n" + self.body(max(20, size - len(head)))
        elif size < 20000 or self.random.random() < .1:
            mark = b"=_alt_%08x" % self.random.getrandbits(32)
            half = (size - len(head)) // 2
            raw = head + b"MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=\"%s\"\n\n" % mark
            raw += b"--%s\nContent-Type: text/plain\n\n%s--%s\nContent-Type: text/html\n\n<html><body>%s</body></html>\n--%s--\n" % (
                mark, self.body(half), mark, self.body(half), mark)
        else:
            mark = b"=_mix_%08x" % self.random.getrandbits(32)
            text = min(size // 10, 8000)
            raw = head + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"%s\"\n\n" % mark
            raw += b"--%s\nContent-Type: text/plain\n\n%s--%s\nContent-Type: image/jpeg; name=\"photo.jpg\"\n" % (mark, self.body(text), mark)
            raw += b"Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=\"photo.jpg\"\n\n%s--%s--\n" % (
                self.attachment(size - text - len(head)), mark)
        return Mail(raw, when)

    def marks(self, mail):
        r = self.random
        mail.flags = "".join(f for f, p in zip("DFPRST", (.02, .08, .03, .2, .8, .01)) if r.random() < p)
        mail.keywords = tuple(k for k in KEYWORDS if r.random() < .04)
        return mail

    # One of every kind that was met in the wild. Where kinds are about more than one message, they come together.
    def awkward(self):
        head, when = self.headers()
        plain_head, _ = self.headers(message_id=False)
        text = self.body(400)

        def of(kind, raw, date=when):
            return self.marks(Mail(raw, date, kind=kind))

        def edited(old, new, source=head):
            return source.replace(old, new)

        same = of("twice in one folder", head + b"\nThe same bytes twice.\n")
        again = Mail(same.raw, same.date, same.flags, same.keywords, same.kind)
        id_line = next(line for line in head.split(b"\n") if line.startswith(b"Message-ID"))
        date_line = next(line for line in head.split(b"\n") if line.startswith(b"Date:"))
        subject_line = next(line for line in head.split(b"\n") if line.startswith(b"Subject:"))
        out = [
            same, again,
            of("no Message-ID", plain_head + b"\n" + text),
            of("no Message-ID, twice", plain_head + b"\nDrafts look like this.\n"),
            of("no Message-ID, twice", plain_head + b"\nDrafts look like this.\n"),
            of("one Message-ID, two bodies", head + b"\nThe first of two with one Message-ID.\n"),
            of("one Message-ID, two bodies", head + b"\nThe second of two with one Message-ID.\n"),
            of("From_ line first", b"From someone@example.net Thu Jan  1 00:00:00 2004\n" + head + b"\n" + text),
            of("From_ lines in the body", head + b"\nFrom here on\n>From there\nFrom \n"),
            of("lines that begin with a dot", head + b"\n.\n..\n.hidden\n...\n" + text),
            of("a lone dot as its last line", head + b"\n" + text + b".\n"),
            of("8-bit headers", edited(subject_line, b"Subject: Gr\xfc\xdfe aus K\xf6ln")),
            of("UTF-8 headers", edited(subject_line, "Subject: Grüße aus Köln 📬".encode()) + b"\n" + text),
            of("not UTF-8 and not Latin", edited(subject_line, b"Subject: \xff\xfe\x81\x8d") + b"\n" + text),
            of("NUL bytes", head + b"\nbefore\0after\n\0\0\0\n"),
            of("no separator, headers only", head),
            of("no separator before the body", head + b"This is no header line\nnor is this\n"),
            of("no headers", b"\nOnly a body.\n"),
            of("no headers, no blank line", b"Only a body without any header at all\nand a second line\n"),
            of("a blank line only", b"\n"),
            of("no end of line at the end", head + b"\nno line end here"),
            of("many blank lines at the end", head + b"\ntext" + b"\n" * 200),
            of("CRLF in the store", (head + b"\n" + text).replace(b"\n", b"\r\n")),
            of("bare CRs", head + b"\none\rtwo\rthree\r\n"),
            of("CR only", (head + b"\nold Macintosh\n").replace(b"\n", b"\r")),
            of("mixed line ends", head + b"\none\r\ntwo\nthree\r\n\rfour\n"),
            of("header block of 209 KB", head + b"".join(b"X-Trace-%d: %s\n" % (i, b"x" * 180) for i in range(1050)) + b"\n" + text),
            of("one header line of 135 KB", head + b"References: " + b" ".join(b"<%d@example.net>" % i for i in range(8000)) + b"\n\n" + text),
            of("5,000 short headers", head + b"X: y\n" * 5000 + b"\n" + text),
            of("line over 998", head + b"\n" + b"long " * 300 + b"\n"),
            of("line over 10 KB", head + b"\n" + b"y" * 65536 + b"\n"),
            of("line of 1 MB", head + b"\n" + b"z" * (1 << 20) + b"\n"),
            of("folded Message-ID", edited(id_line, b"Message-ID:\n <folded.%d@\n example.net>" % self.number) + b"\n" + text),
            of("several Message-IDs", edited(id_line, id_line + b"\nMessage-ID: <second@example.net>") + b"\n" + text),
            of("Message-ID without brackets", edited(id_line, b"Message-ID: bare.%d@example.net" % self.number) + b"\n" + text),
            of("empty Message-ID", edited(id_line, b"Message-ID: ") + b"\n" + text),
            of("Message-ID with a blank", edited(id_line, b"Message-ID: <inner blank@example.net>") + b"\n" + text),
            of("8-bit Message-ID", edited(id_line, b"Message-ID: <\xe4\xf6\xfc@example.net>") + b"\n" + text),
            of("field name in odd case", edited(b"Message-ID:", b"MESSAGE-id :") + b"\n" + text),
            of("odd charsets", edited(subject_line, b"Subject: =?koi8-r?B?8NLJ18XU?= =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\n =?x-unknown?Q?=80=81?= =?utf-8?Q?=C3?= =?utf-8?Q?=A4?= =?broken") + b"\n" + text),
            of("RFC 2231", head + b"Content-Type: text/plain; name*0*=utf-8''%C3%A4; name*1=\"b.txt\"\n\n" + text),
            of("group address", edited(b"To: Me <me@example.org>", b"To: undisclosed-recipients:;, friends: a@b.example, \"x, y\" <c@d.example>;") + b"\n" + text),
            of("no Date", edited(date_line + b"\n", b"") + b"\n" + text),
            of("malformed Date", edited(date_line, b"Date: yesterday at noon, or so") + b"\n" + text),
            of("two-digit year", edited(date_line, b"Date: Fri, 31 Dec 99 23:59:60 -2500 (XYZ)") + b"\n" + text),
            of("received in 1970", head + b"\n1970\n", date=1),
            of("received at a change of summer time", head + b"\nDST\n", date=1648342800),
            of("received in 2038", head + b"\n2038\n", date=2147483648),
            of("message in a message", head + b"MIME-Version: 1.0\nContent-Type: message/rfc822\n\n" + plain_head + b"\n" + text),
            of("boundary never appears", head + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=nowhere\n\n" + text),
            of("no closing boundary", head + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n"),
            of("200 parts deep", head + b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b0\n\n" + b"".join(
                b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (i, i + 1) for i in range(200))),
            of("empty Content-Disposition", head + b"MIME-Version: 1.0\nContent-Disposition:\nContent-Type: ;;;\n\n" + text),
            of("binary body", head + b"Content-Transfer-Encoding: binary\n\n" + self.random.randbytes(5000)),
            of("terminal escapes", edited(subject_line, b"Subject: \x1b[2J\x1b]0;owned\x07 red \xe2\x80\xae tfel") + b"\n" + text),
            of("an IMAP answer in the body", head + b"\n)\r\nA0001 OK done\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n+OK\r\n-ERR\r\n"),
            of("a tar in the body", head + b"\n" + b"\0" * 1024 + b"ustar  \0" + b"\0" * 1024),
            of("zstd magic in the body", head + b"\n\x28\xb5\x2f\xfd\x1f\x8b\x08 and on\n"),
            of("yEnc", head + b"\n=ybegin line=128 size=300 name=x\n" + bytes((i * 7 + 42) % 256 or 1 for i in range(300)) + b"\n=yend size=300\n"),
            of("Exchange's header", head + b"X-Message-Flag: Follow up\n\n" + text),
        ]
        return out


def rfc5322(when):
    import email.utils
    return email.utils.formatdate(when)


def lognormal(r, median, sigma, low=300, high=24 << 20):
    import math
    return int(min(high, max(low, r.lognormvariate(math.log(median), sigma))))


# `count` messages over all folders. 15 % lie in two folders, 1 % have no Message-ID.
def mailbox(seed=1, count=400, median=12000, sigma=1.85, awkward=True, largest=24 << 20, folders=FOLDERS):
    g = Generator(seed)
    r = g.random
    box = Mailbox({name: [] for name in folders + EMPTY_FOLDERS})
    if awkward:
        kinds = g.awkward()
        box.folders["INBOX"] += kinds
        for i, mail in enumerate(g.awkward()):  # and once more, spread
            box.folders[folders[i % len(folders)]].append(mail)
    while box.count() < count:
        mail = g.marks(g.plain(lognormal(r, median, sigma, high=largest), message_id=r.random() > .01))
        # half of all mail lies in the inbox and the archive, as it does
        name = folders[min(int(r.expovariate(1 / 7)), len(folders) - 1)]
        box.folders[name].append(mail)
        if r.random() < .15 and box.count() < count:
            other = r.choice(folders)
            box.folders[other].append(Mail(mail.raw, mail.date, "S" if r.random() < .5 else "", (), mail.kind))
    return box


def large_messages(count=10, size=41 << 20, seed=3):
    g = Generator(seed)
    return Mailbox({"INBOX": [g.marks(g.plain(size)) for _ in range(count)]})


def in_one_folder(box):
    return Mailbox({"INBOX": [mail for mails in box.folders.values() for mail in mails]})


def sets(name):
    """P and PQ are S and Q as a POP3 drop shows them."""
    return {
        "demo": lambda: mailbox(seed=7, count=300, largest=2 << 20),
        "small": lambda: mailbox(seed=1, count=400, largest=1 << 20),
        "awkward": lambda: mailbox(seed=1, count=2000),
        "S": lambda: mailbox(seed=2, count=2000, awkward=False),
        "Q": lambda: mailbox(seed=34, count=500, awkward=False),  # 32.8 MB
        "M": lambda: mailbox(seed=4, count=20000, awkward=False),
        "L": lambda: mailbox(seed=5, count=100000, median=2500, sigma=.2, awkward=False),
        "T": large_messages,
        "P": lambda: in_one_folder(sets("S")),
        "PQ": lambda: in_one_folder(sets("Q")),
    }[name]()


class MaildirWriter:
    """Writes folders for Dovecot's Maildir with LAYOUT=fs, which needs no running server."""

    def __init__(self, root, owner=None):
        self.root = Path(root)
        self.owner = owner
        self.serial = 0
        self._made = set()
        self._folder(self.root)
        self._folder(self.root / "folders")

    def _folder(self, path):
        if path in self._made:
            return
        path.mkdir(mode=0o700, exist_ok=True, parents=False)
        if self.owner:
            os.chown(path, *self.owner)
        self._made.add(path)

    def path(self, name):
        if name == "INBOX":
            return self.root / "inbox"
        return self.root.joinpath("folders", *(mutf7.encode(word) for word in name.split("/")))

    def create(self, name):
        path = self.path(name)
        for parent in reversed([p for p in path.parents if self.root / "folders" in p.parents]):
            self._folder(parent)
        for part in (path, path / "cur", path / "new", path / "tmp"):
            self._folder(part)
        keywords = path / "dovecot-keywords"
        if not keywords.exists():
            keywords.write_text("".join(f"{i} {word}\n" for i, word in enumerate(KEYWORDS)))
            if self.owner:
                os.chown(keywords, *self.owner)
        return path

    def add(self, name, mails):
        path = self.create(name) / "cur"
        for mail in mails:
            self.serial += 1
            virtual = len(mail.raw) + mail.raw.count(b"\n") - mail.raw.count(b"\r\n")
            letters = mail.flags + "".join("abcde"[KEYWORDS.index(k)] for k in mail.keywords)
            # the base name decides the order of UIDs; S and W spare the server reading every message once more
            file = path / f"1000000000.M{self.serial:07d}P1.gen,S={len(mail.raw)},W={virtual}:2,{''.join(sorted(letters))}"
            file.write_bytes(mail.raw)
            if self.owner:
                os.chown(file, *self.owner)
            os.utime(file, (mail.date, mail.date))

    def fill(self, box):
        for name, mails in box.folders.items():
            self.create(name)
            self.add(name, mails)
        return self


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    made = sets(sys.argv[1])
    MaildirWriter(sys.argv[2]).fill(made)
    total = sum(len(m.raw) for mails in made.folders.values() for m in mails)
    print(f"{made.count():,} messages, {total:,} bytes in {len(made.folders)} folders")

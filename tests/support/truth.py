"""What the server itself says, read by a client that shares no code with the program: folder, UID, bytes, flags, date."""
import hashlib
import re
import socket
import ssl
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mutf7  # noqa: E402


@dataclass(frozen=True)
class Message:
    content: str        # SHA-256 of the bytes as the server delivers them
    size: int
    flags: frozenset    # without \Recent
    date: str           # as sent: "17-Jul-1996 02:44:25 -0700", the day's blank stripped


@dataclass
class Folder:
    name: str
    attributes: set
    uidvalidity: int = 0
    uidnext: int = 0
    messages: dict = field(default_factory=dict)  # uid -> Message


class Imap:
    """Enough of IMAP to ask and to change things. One answer is a list of lines; a line is a list of bytes and literals."""

    def __init__(self, port, user="alice", password="secret-of-alice", host="127.0.0.1", ca=None, timeout=120):
        self.socket = socket.create_connection((host, port), timeout)
        if ca:
            self.socket = ssl.create_default_context(cafile=str(ca)).wrap_socket(self.socket, server_hostname=host)
        self.file = self.socket.makefile("rb", 1 << 20)
        self.number = 0
        self.greeting = self.file.readline()
        self.ask("LOGIN {} {}", user.encode(), password.encode())

    def ask(self, command, *literals):
        """`{}` in the command stands for the literals in order (non-synchronising)."""
        self.number += 1
        tag = b"T%d" % self.number
        wire = command if isinstance(command, bytes) else command.encode()
        for literal in literals:
            wire = wire.replace(b"{}", b"{%d+}\r\n" % len(literal) + literal.replace(b"{}", b"{\0}"), 1)
        self.socket.sendall(tag + b" " + wire.replace(b"{\0}", b"{}") + b"\r\n")
        answers = []
        while True:
            line = self.line()
            if line[0].startswith(tag + b" "):
                if not line[0].startswith(tag + b" OK"):
                    raise RuntimeError(f"{command[:80]}: {line[0].decode(errors='replace')}")
                return answers
            answers.append(line)

    def line(self):
        parts = []
        while True:
            text = self.file.readline()
            if not text.endswith(b"\r\n"):
                raise EOFError("the server hung up")
            text = text[:-2]
            end = re.search(rb"\{(\d+)\}$", text)
            if not end:
                return parts + [text]
            size = int(end[1])
            literal = self.file.read(size)
            if len(literal) != size:
                raise EOFError("the server hung up in a literal")
            parts += [text[:end.start()], literal]

    def folders(self):
        out = {}
        for line in self.ask('LIST "" "*"'):
            found = re.match(rb'\* LIST \(([^)]*)\) (?:"((?:[^"\\]|\\.)*)"|NIL) ?(.*)$', line[0])
            if not found:
                continue
            wire = line[1] if len(line) > 1 else found[3]
            if len(line) == 1 and wire.startswith(b'"'):
                wire = re.sub(rb"\\(.)", rb"\1", wire[1:-1])
            name = mutf7.decode(wire.decode())
            # whether something is new there is no part of what a folder is, and changes by itself
            out[name] = (wire, {word for word in found[1].decode().split() if word.lower() not in ("\\marked", "\\unmarked")})
        return out

    def examine(self, wire, verb="EXAMINE"):
        state = {}
        for line in self.ask(verb + " {}", wire):
            for word in ("UIDVALIDITY", "UIDNEXT"):
                hit = re.search(word.encode() + rb" (\d+)", line[0])
                if hit:
                    state[word] = int(hit[1])
        return state

    def messages(self, keep=None):
        """Of the selected folder: uid -> Message. `keep`, if given, gets (uid, bytes)."""
        out = {}
        for line in self.ask("UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])"):
            text = b"".join(line[0::2])
            if b" FETCH " not in text:
                continue
            body = line[1] if len(line) > 1 else b""
            uid = int(re.search(rb"UID (\d+)", text)[1])
            flags = frozenset(re.search(rb"FLAGS \(([^)]*)\)", text)[1].decode().split()) - {"\\Recent"}
            date = re.search(rb'INTERNALDATE "([^"]*)"', text)[1].decode().strip()
            out[uid] = Message(hashlib.sha256(body).hexdigest(), len(body), flags, date)
            if keep:
                keep(uid, body)
        return out

    def close(self):
        try:
            self.ask("LOGOUT")
        except (OSError, EOFError, RuntimeError):
            pass  # it is gone, which is what was wanted
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def read(port, **who):
    """name -> Folder, of the whole account. An empty FETCH range is no error for Dovecot."""
    out = {}
    with Imap(port, **who) as imap:
        for name, (wire, attributes) in imap.folders().items():
            folder = out[name] = Folder(name, attributes)
            if {"\\Noselect", "\\NonExistent"} & attributes:
                continue
            state = imap.examine(wire)
            folder.uidvalidity, folder.uidnext = state["UIDVALIDITY"], state["UIDNEXT"]
            folder.messages = imap.messages()
    return out


class Pop3:
    """uidl -> (content, size), and the order."""

    def __init__(self, port, user="alice", password="secret-of-alice", host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), 60)
        self.file = self.socket.makefile("rb", 1 << 20)
        self._one()
        self._say(f"USER {user}")
        self._say(f"PASS {password}")

    def _one(self):
        line = self.file.readline()
        if not line.startswith(b"+OK"):
            raise RuntimeError(line.decode(errors="replace"))
        return line

    def _say(self, command):
        self.socket.sendall(command.encode() + b"\r\n")
        return self._one()

    def _many(self):
        while (line := self.file.readline()) != b".\r\n":
            yield line[1:] if line.startswith(b".") else line

    def read(self):
        self._say("UIDL")
        ids = [line.split() for line in self._many()]
        out = {}
        for number, uidl in ids:
            self._say("RETR " + number.decode())
            body = b"".join(self._many())
            out[uidl.decode()] = (hashlib.sha256(body).hexdigest(), len(body))
        return out

    def close(self):
        self._say("QUIT")
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

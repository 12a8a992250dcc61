"""A relay to an IMAP server that reads whole commands, bodies and all. A rule refuses some of them in the server's place, or
loses the server's answer.

    with ImapRelay(port, lambda command: Refused("NO [TOOBIG] no") if command.appends(b"Subject: 7") else None) as relay:
"""
import re
import socket
import struct
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support.proxy import Proxy, close  # noqa: E402

LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n$")


@dataclass
class Command:
    tag: bytes
    line: str       # behind the tag, without the bodies: 'APPEND "INBOX" (\\Seen) {123} (){45}'
    bodies: list
    wire: bytes     # all of it, with literals for which no server has to say go ahead

    def appends(self, text=b""):
        return self.line.upper().startswith("APPEND ") and any(text in body for body in self.bodies)


@dataclass
class Refused:
    """The server is not asked; `answer`: "NO [TOOBIG] too big"."""
    answer: str


@dataclass
class Instead:
    """The server is asked something else, for which it knows the tag: "EXAMINE INBOX"."""
    line: str


class HungUp:
    """The server is not asked; the connection ends."""


@dataclass
class Lost:
    """The server is asked, and its OK is lost.

    how: "cut" (FIN), "reset" (RST), or "stall" (the connection stays, and nothing comes any more)
    """
    how: str


class ImapRelay(Proxy):
    """rule     function(Command) -> None (the server is asked), Refused, Instead, HungUp or Lost
    without  words of the server's CAPABILITY that are not passed on
    """

    def __init__(self, port, rule=None, without=()):
        super().__init__(port)
        self.rule = rule
        self.hidden = re.compile(rb" (?:%s)(?=[ \]\r])" % b"|".join(re.escape(word.encode()) for word in without)) if without else None

    def _relay(self, client, server):
        link = _Link(self, client, server)
        threading.Thread(target=link.up, daemon=True).start()
        threading.Thread(target=link.down, daemon=True).start()


class _Link:
    """One connection. Two threads speak to its client: whole answers, under a lock."""

    def __init__(self, relay, client, server):
        self.relay, self.client, self.server = relay, client, server
        self.lock = threading.Lock()
        self.lost = {}      # tag -> how
        self.silent = self.resets = False

    def up(self):
        try:
            with self.client.makefile("rb") as file:
                while command := self._command(file):
                    with self.relay.lock:
                        self.relay.commands.append(f"{command.tag.decode('latin-1')} {command.line}")
                    if not self._obey(self.relay.rule(command) if self.relay.rule else None, command):
                        break
        except (OSError, ValueError):
            pass  # either side has gone
        close(self.server)
        if self.resets:
            self.client.close()  # without the FIN of a shutdown
        else:
            close(self.client)

    def _command(self, file):
        text, bodies, wire = b"", [], b""
        while line := file.readline():
            text += line
            end = LITERAL.search(line)
            if not end:
                tag, _, rest = text.partition(b" ")
                return Command(tag, rest.rstrip(b"\r\n").decode("latin-1"), bodies, wire + line)
            if not end[2]:
                self._say(b"+ go ahead\r\n")
            bodies.append(file.read(int(end[1])))
            wire += line[:end.start()] + b"{%s+}\r\n" % end[1] + bodies[-1]
            text = text[:-2]
        return None

    def _obey(self, verdict, command):
        if isinstance(verdict, HungUp):
            return False
        if isinstance(verdict, Refused):
            self._say(command.tag + b" " + verdict.answer.encode() + b"\r\n")
            return True
        if isinstance(verdict, Lost):
            self.lost[command.tag] = verdict.how
        self.server.sendall(command.tag + b" " + verdict.line.encode() + b"\r\n" if isinstance(verdict, Instead) else command.wire)
        return True

    def down(self):
        try:
            with self.server.makefile("rb") as file:
                while answer := self._answer(file):
                    how = self.lost.get(answer.split(b" ", 1)[0]) if b" OK" in answer[:40] else None
                    if how:
                        self._lose(how)
                        return
                    self._say(answer)
        except (OSError, ValueError):
            pass  # either side has gone
        close(self.client)

    def _answer(self, file):
        out = b""
        while line := file.readline():
            if self.relay.hidden and b"CAPABILITY" in line[:40]:
                line = self.relay.hidden.sub(b"", line)
            out += line
            end = LITERAL.search(line)
            if not end:
                break
            out += file.read(int(end[1]))
        return out

    def _say(self, answer):
        with self.lock:
            if not self.silent:
                self.client.sendall(answer)

    def _lose(self, how):
        with self.lock:
            self.silent = True
        if how == "stall":
            return
        if how == "reset":
            # this wakes up(), and is seen by nobody else
            self.resets = True
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.client.shutdown(socket.SHUT_RD)
        else:
            close(self.client)
        close(self.server)

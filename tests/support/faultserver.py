"""An IMAP and a POP3 server that misbehave as told, on free ports of 127.0.0.1.

    with FaultyImap({"INBOX": [raw, ...]}) as server:      messages are bytes, or (raw, flags, internaldate)
        server.on_body = lambda folder, uid: "no"          what happens when this body is asked for

What may happen to a body: None (well), "no" (the whole FETCH is answered NO after what came before), "nothing" (left out,
OK all the same), "nil", "empty", "short" (the literal is cut, the connection closed), "lie" (announces more than it sends,
then goes silent), "close" (hangs up before it), "bye" (with a word), "throttle", "overquota", "gone" (vanished by now).
"""
import base64
import re
import socket
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from support import mutf7  # noqa: E402
from support.listening import Listener  # noqa: E402

CAPABILITIES = "IMAP4rev1 UIDPLUS LITERAL+ SASL-IR ID ENABLE NAMESPACE UNSELECT"
DATE = '01-Feb-2020 10:20:30 +0100'


class Message:
    def __init__(self, raw, flags="\\Seen", date=DATE):
        self.raw, self.flags, self.date = raw, flags, date


class Folder:
    def __init__(self, name, messages, attributes="\\HasNoChildren", uidvalidity=1234):
        self.name, self.attributes, self.uidvalidity = name, attributes, uidvalidity
        self.messages = {}
        self.uidnext = 1
        for message in messages:
            self.add(message)

    def add(self, message):
        if not isinstance(message, Message):
            message = Message(*message) if isinstance(message, tuple) else Message(message)
        self.messages[self.uidnext] = message
        self.uidnext += 1
        return self.uidnext - 1


class _Server:
    greeting = b""

    def __init__(self):
        self.listener = Listener()
        self.port = self.listener.port
        self.connections = 0
        self.log = []               # every line of every client
        self.open = []
        self.lock = threading.RLock()
        self.refuse_greeting = None  # bytes sent in place of the greeting, then hung up

    def __enter__(self):
        self.listener.start(self._accept)
        return self

    def __exit__(self, *_):
        self.listener.stop()
        for s in self.open:
            _close(s)

    def _accept(self, s):
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open.append(s)
        self.connections += 1
        threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        try:
            if self.refuse_greeting is not None:
                s.sendall(self.refuse_greeting)
            else:
                s.sendall(self.greeting)
                self.session(s, s.makefile("rb"))
        except (_HangUp, OSError, ValueError):
            pass  # the point of this server
        _close(s)


class _HangUp(Exception):
    pass


def _close(s):
    try:
        s.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # was closed
    s.close()


class FaultyImap(_Server):
    greeting = b"* OK [CAPABILITY " + CAPABILITIES.encode() + b"] ready\r\n"

    def __init__(self, folders, user="alice", password="secret-of-alice"):
        super().__init__()
        self.folders = {name: Folder(name, messages) for name, messages in folders.items()}
        self.user, self.password = user, password
        self.on_body = lambda folder, uid: None
        self.on_command = lambda verb, line: None  # bytes to send for it (with {tag}), or None; may raise server.HangUp
        self.bodies = 0             # sent whole
        self.sent = []              # (folder, uid), in order
        self.expunged = {}          # connection -> sequence numbers that it has not been told
        self.listed = True          # False: leaves the second half of what lies in a range of UIDs out
        self.capabilities = CAPABILITIES

    HangUp = _HangUp

    def url(self, options="?tls=off"):
        return f"imap://{self.user}@127.0.0.1:{self.port}/{options}"

    def session(self, s, file):
        selected = None
        while line := self._line(s, file):
            tag, _, rest = line.partition(b" ")
            verb = rest.split(b" ")[0].upper().decode()
            if verb == "UID":
                verb = "UID " + rest.split(b" ")[1].upper().decode()
            self.log.append(rest.decode("latin-1"))
            instead = self.on_command(verb, rest.decode("latin-1"))
            if instead is not None:
                s.sendall(instead.replace(b"{tag}", tag))
                continue
            ok = tag + b" OK done\r\n"
            if verb == "CAPABILITY":
                s.sendall(b"* CAPABILITY " + self.capabilities.encode() + b"\r\n" + ok)
            elif verb in ("LOGIN", "AUTHENTICATE"):
                if not self._signed_in(s, file, verb, rest):
                    s.sendall(tag + b" NO [AUTHENTICATIONFAILED] Authentication failed.\r\n")
                    continue
                s.sendall(tag + b" OK [CAPABILITY " + self.capabilities.encode() + b"] Logged in\r\n")
            elif verb == "NAMESPACE":
                s.sendall(b'* NAMESPACE (("" "/")) NIL NIL\r\n' + ok)
            elif verb == "ID":
                s.sendall(b'* ID ("name" "faulty")\r\n' + ok)
            elif verb in ("LIST", "LSUB"):
                for folder in self.folders.values():
                    s.sendall(b'* %s (%s) "/" %s\r\n' % (verb.encode(), folder.attributes.encode(), _quoted(folder.name)))
                s.sendall(ok)
            elif verb == "STATUS":
                folder = self._named(rest)
                if folder is None:
                    s.sendall(tag + b" NO [NONEXISTENT] no such mailbox\r\n")
                    continue
                s.sendall(b"* STATUS %s (MESSAGES %d UIDNEXT %d UIDVALIDITY %d UNSEEN 0)\r\n" % (
                    _quoted(folder.name), len(folder.messages), folder.uidnext, folder.uidvalidity) + ok)
            elif verb in ("SELECT", "EXAMINE"):
                selected = self._named(rest)
                if selected is None:
                    s.sendall(tag + b" NO [NONEXISTENT] no such mailbox\r\n")
                    continue
                s.sendall(b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* %d EXISTS\r\n* 0 RECENT\r\n"
                          b"* OK [UIDVALIDITY %d] ok\r\n* OK [UIDNEXT %d] ok\r\n" % (
                              len(selected.messages), selected.uidvalidity, selected.uidnext) + tag + b" OK [READ-ONLY] done\r\n")
            elif verb in ("FETCH", "UID FETCH"):
                try:
                    self._fetch(s, tag, verb, rest, selected)
                except _Answered:
                    pass
            elif verb == "UID SEARCH":
                s.sendall(b"* SEARCH " + b" ".join(b"%d" % uid for uid in selected.messages) + b"\r\n" + ok)
            elif verb == "LOGOUT":
                s.sendall(b"* BYE bye\r\n" + ok)
                return
            else:  # NOOP, CLOSE, UNSELECT, ENABLE, CHECK
                gone = self.expunged.pop(id(s), []) if verb in ("NOOP", "CHECK") else []
                s.sendall(b"".join(b"* %d EXPUNGE\r\n" % n for n in gone) + ok)

    def _line(self, s, file):
        out = b""
        while True:
            line = file.readline()
            if not line.endswith(b"\r\n"):
                return b""
            out += line[:-2]
            literal = re.search(rb"\{(\d+)(\+?)\}$", out)
            if not literal:
                return out
            if not literal[2]:
                s.sendall(b"+ go on\r\n")
            data = file.read(int(literal[1]))
            out = out[:literal.start()] + b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'

    def _signed_in(self, s, file, verb, rest):
        if verb == "LOGIN":
            words = [w[1] or w[2] for w in re.finditer(rb'"((?:[^"\\]|\\.)*)"|(\S+)', rest)][1:]
            return words == [self.user.encode(), self.password.encode()]
        words = rest.split(b" ")
        if len(words) < 3:
            s.sendall(b"+ \r\n")
            words.append(file.readline().strip())
        return base64.b64decode(words[2]).split(b"\0")[1:] == [self.user.encode(), self.password.encode()]

    def _named(self, rest):
        quoted = re.search(rb' "((?:[^"\\]|\\.)*)"', rest)
        name = re.sub(rb"\\(.)", rb"\1", quoted[1]) if quoted else rest.split(b" ")[1]
        name = mutf7.decode(name.decode())
        return self.folders.get("INBOX" if name.upper() == "INBOX" else name)

    def _fetch(self, s, tag, verb, rest, folder):
        words = rest.split(b" ", 3 if verb == "UID FETCH" else 2)
        which, items = words[-2], words[-1].upper()
        uids = sorted(folder.messages)
        numbers = {uid: i + 1 for i, uid in enumerate(uids)}
        top = (uids[-1] if uids else 0) if verb == "UID FETCH" else len(uids)
        ranges = []
        for part in which.decode().split(","):
            first, _, last = part.partition(":")
            first, last = [top if n == "*" else int(n) for n in (first, last or first)]
            ranges.append((min(first, last), max(first, last)))
        wants_body = b"BODY" in items.replace(b"BODYSTRUCTURE", b"")
        if not self.listed and b":" in which:
            uids = uids[:len(uids) // 2]
        for uid in uids:
            key = uid if verb == "UID FETCH" else numbers[uid]
            if not any(a <= key <= b for a, b in ranges):
                continue
            message = folder.messages[uid]
            parts = [b"UID %d" % uid]
            if b"FLAGS" in items:
                parts.append(b"FLAGS (%s)" % message.flags.encode())
            if b"INTERNALDATE" in items:
                parts.append(b'INTERNALDATE "%s"' % message.date.encode())
            if b"RFC822.SIZE" in items:
                parts.append(b"RFC822.SIZE %d" % len(message.raw))
            if wants_body and not self._body(s, tag, items, folder, uid, message, parts):
                continue
            s.sendall(b"* %d FETCH (%s)\r\n" % (numbers[uid], b" ".join(parts)))
        s.sendall(tag + b" OK done\r\n")

    # False: nothing of this message is to be sent.
    def _body(self, s, tag, items, folder, uid, message, parts):
        raw = message.raw
        name = re.search(rb"BODY(?:\.PEEK)?(\[[^\]]*\](?:<[\d.]+>)?)", items)[1]
        if name.startswith(b"[HEADER"):
            raw = raw[:raw.find(b"\r\n\r\n") + 4]
            parts.append(b"BODY%s {%d}\r\n%s" % (name, len(raw), raw))
            return True
        partial = re.match(rb"\[\]<(\d+)\.(\d+)>", name)
        if partial:
            raw = raw[int(partial[1]):int(partial[1]) + int(partial[2])]
            name = b"[]<%d>" % int(partial[1])
        with self.lock:
            fault = self.on_body(folder.name, uid)
        if fault is None:
            parts.append(b"BODY%s {%d}\r\n%s" % (name, len(raw), raw))
            self.bodies += 1
            self.sent.append((folder.name, uid))
            return True
        if fault == "nothing":
            return False
        if fault == "gone":
            if uid in folder.messages:  # told when it may be told: not during a FETCH (RFC 3501, 7.4.1)
                self.expunged.setdefault(id(s), []).append(sorted(folder.messages).index(uid) + 1)
                del folder.messages[uid]
            return False
        if fault == "nil":
            parts.append(b"BODY%s NIL" % name)
            return True
        if fault == "empty":
            parts.append(b'BODY%s ""' % name)
            return True
        if fault in ("no", "throttle", "overquota"):
            text = {"no": b"NO [SERVERBUG] cannot read message", "throttle": b"BAD Request is throttled. Suggested Backoff Time: 1000 milliseconds",
                    "overquota": b"NO [OVERQUOTA] Account exceeded command or bandwidth limits."}[fault]
            s.sendall(tag + b" " + text + b"\r\n")
            raise _Answered
        start = b"* 1 FETCH (%s BODY%s {%d}\r\n" % (b" ".join(parts), name, len(raw))
        if fault == "short":
            s.sendall(start + raw[:len(raw) // 2])
            raise _HangUp
        if fault == "lie":
            s.sendall(start + raw[:len(raw) // 2])
            threading.Event().wait(600)
        if fault == "bye":
            s.sendall(b"* BYE Session expired, please login again.\r\n")
        raise _HangUp


class _Answered(Exception):
    """A fault has answered the command; what else it asked for is not sent."""


class FaultyPop3(_Server):
    """Faults by `on_retr(number)`: None, "err", "short" (the connection is closed in the middle), "close"; by
    `on_dele(number)`: None, "err", "close"; by `on_quit()`: None, "close" (before anything is deleted), "silent" (deletes,
    and closes without a word), "err" (deletes the first half). `on_uidl(count)` is told how often UIDL was asked."""
    greeting = b"+OK ready <1.2@faulty>\r\n"

    def __init__(self, messages, user="alice", password="secret-of-alice", uidls=None):
        super().__init__()
        self.messages = list(messages)
        self.uidls = uidls if uidls is not None else [f"id{i}" for i in range(len(messages))]
        self.user, self.password = user, password
        self.on_retr = self.on_dele = lambda number: None
        self.on_quit = lambda: None
        self.on_uidl = lambda count: None
        self.uidl_count = 0
        self.capabilities = ["TOP", "UIDL", "PIPELINING", "USER"]
        self.locked = False
        self.retrieved = 0

    def url(self):
        return f"pop3://{self.user}@127.0.0.1:{self.port}/?tls=off"

    HangUp = _HangUp

    def delete(self, numbers):
        for number in sorted(numbers, reverse=True):
            del self.messages[number - 1], self.uidls[number - 1]

    def session(self, s, file):
        marked = []
        while line := file.readline():
            words = line.decode("latin-1").split()
            verb = words[0].upper() if words else ""
            self.log.append(line.decode("latin-1").strip())
            if verb == "CAPA":
                s.sendall(b"+OK\r\n" + "".join(c + "\r\n" for c in self.capabilities).encode() + b".\r\n")
            elif verb == "USER":
                s.sendall(b"+OK\r\n")
            elif verb == "PASS":
                if self.locked:
                    s.sendall(b"-ERR [IN-USE] Do you have another POP session running?\r\n")
                else:
                    good = line[5:].rstrip(b"\r\n").decode() == self.password
                    s.sendall(b"+OK\r\n" if good else b"-ERR [AUTH] Authentication failed.\r\n")
            elif verb == "STAT":
                s.sendall(b"+OK %d %d\r\n" % (len(self.messages), sum(map(len, self.messages))))
            elif verb in ("UIDL", "LIST"):
                if verb == "UIDL" and "UIDL" not in self.capabilities:
                    s.sendall(b"-ERR unknown command\r\n")
                    continue
                if verb == "UIDL":
                    self.uidl_count += 1
                    self.on_uidl(self.uidl_count)
                value = (lambda i: self.uidls[i]) if verb == "UIDL" else (lambda i: str(len(self.messages[i])))
                if len(words) > 1:
                    s.sendall(f"+OK {words[1]} {value(int(words[1]) - 1)}\r\n".encode())
                else:
                    s.sendall(("+OK\r\n" + "".join(f"{i + 1} {value(i)}\r\n" for i in range(len(self.messages))) + ".\r\n").encode())
            elif verb in ("RETR", "TOP"):
                number = int(words[1])
                raw = self.messages[number - 1]
                fault = self.on_retr(number) if verb == "RETR" else None
                if fault == "err":
                    s.sendall(b"-ERR cannot read message\r\n")
                    continue
                if fault == "close":
                    raise _HangUp
                lines = b"".join((b"." if part.startswith(b".") else b"") + part for part in re.findall(rb"[^\n]*\n|[^\n]+", raw))
                if verb == "TOP":
                    lines = lines[:lines.find(b"\r\n\r\n") + 4]
                if not lines.endswith(b"\r\n"):
                    lines += b"\r\n"
                if fault == "short":
                    s.sendall(b"+OK\r\n" + lines[:len(lines) // 2])
                    raise _HangUp
                self.retrieved += verb == "RETR"
                s.sendall(b"+OK\r\n" + lines + b".\r\n")
            elif verb == "DELE":
                fault = self.on_dele(int(words[1]))
                if fault == "close":
                    raise _HangUp
                if fault != "err":
                    marked.append(int(words[1]))
                s.sendall(b"-ERR cannot delete\r\n" if fault == "err" else b"+OK\r\n")
            elif verb == "QUIT":
                fault = self.on_quit()
                if fault == "close":
                    raise _HangUp
                self.delete(marked[:len(marked) // 2] if fault == "err" else marked)
                if fault != "silent":
                    s.sendall(b"-ERR some deleted messages not removed\r\n" if fault == "err" else b"+OK bye\r\n")
                return
            elif verb in ("NOOP", "RSET"):
                s.sendall(b"+OK\r\n")
            else:
                s.sendall(b"-ERR unknown command\r\n")


def _quoted(name):
    return b'"' + mutf7.encode(name).replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'

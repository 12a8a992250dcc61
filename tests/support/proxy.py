"""A relay to a plain IMAP or POP3 server that counts what passes, and can slow it down, cut it off or answer for it."""
import re
import socket
import threading
import time

from support.listening import Listener


class Proxy:
    """with Proxy(port) as proxy: proxy.port; proxy.bodies, proxy.body_bytes, proxy.connections, proxy.commands

    rate        bytes a second from the server, for each connection
    cut_after   bytes from the server, over all connections: then everything is closed and nobody is let in any more
    stall_after bytes from the server: then it falls silent
    listen      the port to listen on; a free one, if not said
    answer      function(line of the client) -> bytes to send in place of asking the server, or None
    """

    def __init__(self, port, rate=None, cut_after=None, stall_after=None, answer=None, delay=0, listen=0):
        self.target = port
        self.rate, self.cut_after, self.stall_after, self.answer, self.delay = rate, cut_after, stall_after, answer, delay
        self.reset()
        self.lock = threading.Lock()
        self.sockets = []
        self.cut = False
        self.passed = threading.Event()   # set when anything of a body went through
        self.listener = Listener(listen)
        self.port = self.listener.port

    def reset(self):
        self.bodies = self.body_bytes = self.connections = self.bytes = 0
        self.commands = []

    def __enter__(self):
        self.listener.start(self._accept)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.cut = True
        self.listener.stop()
        with self.lock:
            for s in self.sockets:
                close(s)

    def _accept(self, client):
        if self.cut:
            close(client)
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target), 30)
        except OSError:
            close(client)
            return
        server.settimeout(None)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # what is counted has gone on, and does not pile up here
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        with self.lock:
            self.sockets += [client, server]
            self.connections += 1
        self._relay(client, server)

    def _relay(self, client, server):
        threading.Thread(target=self._up, args=(client, server), daemon=True).start()
        threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _up(self, client, server):
        try:
            file = client.makefile("rb")
            while line := file.readline():
                with self.lock:
                    self.commands.append(line.rstrip(b"\r\n").decode("latin-1"))
                instead = self.answer(line) if self.answer else None
                if instead is None:
                    server.sendall(line)
                else:
                    client.sendall(instead)
        except (OSError, ValueError):
            pass  # either side has gone
        close(server)

    def _down(self, server, client):
        counter = _Counter(self)
        try:
            while data := server.recv(65536 if not self.rate else 4096):
                if self.delay:
                    time.sleep(self.delay)
                if self.rate:
                    time.sleep(len(data) / self.rate)
                with self.lock:
                    counter.feed(data)
                    self.bytes += len(data)
                    over = [limit for limit in (self.cut_after, self.stall_after) if limit is not None and self.bytes > limit]
                if over:
                    if self.cut_after is not None:
                        self.cut = True
                        with self.lock:
                            for s in self.sockets:
                                close(s)
                        return
                    continue
                client.sendall(data)
        except OSError:
            pass
        close(client)


class _Counter:
    """Finds the bodies in what an IMAP server says; anything in a literal is skipped over."""

    BODY = re.compile(rb"(BODY\[\]|RFC822) \{(\d+)\}\r?\n?$")
    LITERAL = re.compile(rb"\{(\d+)\}\r?\n$")

    def __init__(self, proxy):
        self.proxy, self.skip, self.line, self.in_body = proxy, 0, b"", False

    def feed(self, data):
        at = 0
        while at < len(data):
            if self.skip:
                step = min(self.skip, len(data) - at)
                self.skip -= step
                self.proxy.body_bytes += step if self.in_body else 0
                at += step
                continue
            end = data.find(b"\n", at) + 1
            if end == 0:
                self.line += data[at:]
                return
            self.line += data[at:end]
            at = end
            literal = self.LITERAL.search(self.line)
            if literal:
                self.skip = int(literal[1])
                self.in_body = self.BODY.search(self.line) is not None
                if self.in_body:
                    self.proxy.bodies += 1
                    self.proxy.passed.set()
            self.line = b""


def close(s):
    try:
        s.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # was closed already
    s.close()

#!/usr/bin/env python3
"""A slow link to a server on loopback: each direction is late by half the round trip, and all connections of a
direction share its bandwidth. Opening a connection costs one round trip, as on a real link.

    delay_proxy.py --to PORT [--rtt 0.050] [--mbit 100]     prints the port it listens on; ends when stdin is closed

From Python: `with SlowLink(port) as link: ... link.port`. It is a process of its own, so that the clock it keeps
is not held up by its user.
"""
import argparse
import collections
import selectors
import socket
import subprocess
import sys
import time

CHUNK = 64 << 10
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Wire:
    """One direction of the link: when a byte that is sent now has left it."""

    def __init__(self, delay, rate):
        self.delay, self.rate, self.free = delay, rate, 0.0
        # What is under way, and a queue before it such as a socket has. More than this a sender must keep.
        self.most_held = int(rate * delay) + (256 << 10)

    def due(self, size, earliest):
        self.free = max(self.free, earliest) + size / self.rate
        return self.free + self.delay


class Pipe:
    """One direction of one connection."""

    def __init__(self, wire, source, target):
        self.wire, self.source, self.target = wire, source, target
        self.queue = collections.deque()  # (due, bytes); no bytes: the end
        self.held, self.ended, self.blocked, self.done = 0, False, False, False

    def wants_to_read(self):
        return not self.ended and self.held < self.wire.most_held

    def read(self, now):
        try:
            data = self.source.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.ended = not data
        self.held += len(data)
        self.queue.append((self.wire.due(len(data), now), data))

    def write(self, now):
        self.blocked = False
        while self.queue and self.queue[0][0] <= now:
            due, data = self.queue.popleft()
            try:
                if not data:
                    self.done = True
                    self.target.shutdown(socket.SHUT_WR)
                    return
                sent = self.target.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.ended = self.done = True
                return
            self.held -= sent
            if sent < len(data):
                self.queue.appendleft((due, data[sent:]))
                self.blocked = True
                return

    def next_due(self):
        return self.queue[0][0] if self.queue and not self.blocked else None


class Proxy:
    def __init__(self, port, rtt, mbit):
        self.target, self.rtt = port, rtt
        self.up, self.down = (Wire(rtt / 2, mbit * 1e6 / 8) for _ in range(2))
        self.selector, self.pairs, self.dialled = selectors.DefaultSelector(), [], []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listener.setblocking(False)
        self.selector.register(self.listener, READ, None)
        self.selector.register(sys.stdin, READ, None)

    def run(self):
        print(self.listener.getsockname()[1], flush=True)
        while True:
            self.watch()
            for key, _ in self.selector.select(self.patience()):
                if key.fileobj is sys.stdin:
                    return
                if key.fileobj is self.listener:
                    self.accept()
            now = time.monotonic()
            self.dial(now)
            for pair in list(self.pairs):
                self.carry(pair, now)

    # The caller believes to be connected at once; its first bytes arrive when the handshake would have been over.
    def accept(self):
        client, _ = self.listener.accept()
        client.setblocking(False)
        self.dialled.append((time.monotonic() + 1.5 * self.rtt, client))

    def dial(self, now):
        while self.dialled and self.dialled[0][0] <= now:
            _, client = self.dialled.pop(0)
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            server.setblocking(False)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # What the client has sent meanwhile was on its way: it is not late a second time.
            pair = (Pipe(self.up, client, server), Pipe(self.down, server, client))
            pair[0].read(now - self.rtt / 2)
            self.pairs.append(pair)

    def carry(self, pair, now):
        for pipe in pair:
            if pipe.wants_to_read():
                pipe.read(now)
            pipe.write(now)
        if all(pipe.done for pipe in pair):
            self.pairs.remove(pair)
            for pipe in pair:
                self.forget(pipe.source)
                pipe.source.close()

    def watch(self):
        for there, back in self.pairs:
            for reading, writing in ((there, back), (back, there)):
                end = reading.source
                events = (READ if reading.wants_to_read() else 0) | (WRITE if writing.blocked else 0)
                known = self.selector.get_map().get(end)
                if not events:
                    self.forget(end)
                elif known is None:
                    self.selector.register(end, events)
                elif known.events != events:
                    self.selector.modify(end, events)

    def forget(self, end):
        if end in self.selector.get_map():
            self.selector.unregister(end)

    def patience(self):
        due = [pipe.next_due() for pair in self.pairs for pipe in pair] + [at for at, _ in self.dialled]
        due = [at for at in due if at is not None]
        return max(0, min(due) - time.monotonic()) if due else None


class SlowLink:
    def __init__(self, port, rtt=.050, mbit=100):
        command = [sys.executable, "-B", __file__, "--to", str(port), "--rtt", str(rtt), "--mbit", str(mbit)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.child.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--to", type=int, required=True)
    options.add_argument("--rtt", type=float, default=.050, help="seconds")
    options.add_argument("--mbit", type=float, default=100, help="Mbit/s, each direction")
    options = options.parse_args()
    Proxy(options.to, options.rtt, options.mbit).run()


if __name__ == "__main__":
    main()

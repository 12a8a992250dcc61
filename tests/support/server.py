"""What the private servers of the tests have in common: free ports, and a process that is stopped by its pid."""
import random
import signal
import socket
import subprocess
from pathlib import Path


class ClaimedPort:
    """A free port of loopback that no other test program takes before this object is gone, whether somebody listens or not.

    Below those that the kernel gives to whoever calls out: one of them could be taken before the server listens. The claim is
    an abstract socket's name, which the kernel lets go with the process.
    """

    def __init__(self):
        while True:
            self.number = random.SystemRandom().randrange(10000, first_outgoing_port())
            self.claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                self.claim.bind(f"\0postferry-test-port-{self.number}")
                socket.create_server(("127.0.0.1", self.number)).close()
                return
            except OSError:
                self.claim.close()  # another test has it, or somebody listens there

    def __del__(self):
        self.claim.close()


def first_outgoing_port():
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        return 32768
    return first if first > 12000 else 32768


class PrivateServer:
    """Has start(), which sets `process` and returns self, configure(), and `users`: names and their secrets."""

    process = None

    def claim_ports(self, count):
        """They are this server's while the object lives, through every stop and restart."""
        self.claims = [ClaimedPort() for _ in range(count)]
        return [claimed.number for claimed in self.claims]

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.clear_up()
        self.process.wait()
        self.process = None

    def clear_up(self):
        """After the process was asked to end."""

    def restart(self):
        self.stop()
        self.configure()
        return self.start()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def secret(self, user="alice"):
        return self.users[user]

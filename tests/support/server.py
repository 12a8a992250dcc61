"""What the private servers of the tests have in common: free ports, and a process that is stopped by its pid."""
import random
import signal
import socket
import subprocess


def free_ports(count):
    """Below those that the kernel gives to whoever calls out: one of them could be taken before the server listens."""
    sockets = []
    while len(sockets) < count:
        try:
            sockets.append(socket.create_server(("127.0.0.1", random.SystemRandom().randrange(16000, 32000))))
        except OSError:
            pass  # somebody listens there
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class PrivateServer:
    """Has start(), which sets `process` and returns self, configure(), and `users`: names and their secrets."""

    process = None

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

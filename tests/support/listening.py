"""A loopback port of a test's own, and the thread that accepts on it."""
import socket
import threading


class Listener:
    def __init__(self, port=0):
        self.socket = socket.create_server(("127.0.0.1", port), backlog=50)
        self.port = self.socket.getsockname()[1]
        self._thread = None

    def start(self, take):
        """Calls `take(connection)` for each, on one thread."""
        self._thread = threading.Thread(target=self._run, args=(take,), daemon=True)
        self._thread.start()

    def stop(self):
        """Ends the thread first: the number of a closed socket is given to the next one at once, and a thread that is just
        about to accept would take that one's connections."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # not listening any more
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join()
        self.socket.close()

    def _run(self, take):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            take(connection)

"""Runs the program as a person would, in a home of its own, and looks at everything it says for secrets."""
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


def binary():
    path = os.environ.get("POSTFERRY_BINARY")
    if not path or not os.access(path, os.X_OK):
        raise SystemExit("set POSTFERRY_BINARY to the program (ctest does)")
    return path


@dataclass
class Result:
    code: int
    out: bytes
    err: str
    seconds: float
    peak_kib: int = 0

    @property
    def text(self):
        return self.out.decode("utf-8", "replace")

    @property
    def events(self):
        return [json.loads(line) for line in self.text.splitlines() if line.strip()]

    @property
    def summary(self):
        return [e for e in self.events if e.get("event") == "summary"][-1]

    def __str__(self):
        return f"exit {self.code}\n--- stdout\n{self.text[-3000:]}\n--- stderr\n{self.err[-3000:]}"


class Home:
    """`secrets` must turn up in nothing that is printed; looked for after every run."""

    def __init__(self, root, secrets=()):
        self.root = Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.secrets = set(secrets)
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("POSTFERRY", "XDG_", "CREDENTIALS"))}
        # a sanitizer build must not die of the test's own limits
        self.env = {**keep, "HOME": str(self.root), "XDG_CONFIG_HOME": str(self.root / "config"), "TZ": "UTC",
                    "XDG_STATE_HOME": str(self.root / "state"), "XDG_CACHE_HOME": str(self.root / "cache"), "LC_ALL": "C.UTF-8"}

    def configure(self, text):
        file = self.root / "config" / "postferry" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o600)
        return file

    def start(self, *words, password=None, env=None, **more):
        environment = {**self.env, **(env or {})}
        if password is not None:
            environment["POSTFERRY_PASSWORD"] = password
            self.secrets.add(password)
        return subprocess.Popen([binary(), *map(str, words)], env=environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **more)

    def run(self, *words, timeout=300, **more):
        begin = time.monotonic()
        return self.finish(self.start(*words, **more), begin, timeout, words)

    def finish(self, process, begin=None, timeout=300, words=()):
        begin = begin or time.monotonic()
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate()
            raise AssertionError(f"{words}: nothing after {timeout} s\n{err.decode(errors='replace')[-2000:]}") from None
        result = Result(process.returncode, out, err.decode("utf-8", "replace"), time.monotonic() - begin)
        for secret in self.secrets:
            if secret.encode() in out or secret in result.err:
                raise AssertionError(f"{words}: a secret is in the output")
        return result

#!/usr/bin/env python3
"""Times `postferry backup` beside mbsync and a raw reader that throws the bytes away: one private Dovecot on loopback,
the tools in turn, medians. The ratios mean something on any machine, the seconds on this one.

    bench.py --postferry .build/release/src/postferry --raw-reader .build/test/tests/bench/raw_reader [--sets S,L,T] [--rounds 5]

Sets: see mailgen.py. M (1.4 GB) only if asked for, by --sets or --full.
"""
import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
from support import mailgen, mbsync  # noqa: E402
from support.dovecot import Dovecot  # noqa: E402
from timing import Timer, report  # noqa: E402

PASSWORD = "secret-of-alice"
MAILDIR = """\
MaildirStore near
Path {folder}/
Inbox {folder}/INBOX
SubFolders Verbatim

"""


class Pull(Timer):
    """One mailbox, taken by the program and by the raw reader."""

    def __init__(self, root, server, options, protocol="imap", port=None):
        super().__init__(root)
        self.server, self.options, self.protocol = server, options, protocol
        self.port = port or getattr(server, protocol)

    def raw(self):
        return self.timed([self.options.raw_reader, self.protocol, self.port, "alice", PASSWORD])

    def postferry(self, fresh=True):
        archive = self.root / "archive"
        if fresh:
            self.put_away(archive)
            self.put_away(self.root / "home" / ".cache")
        url = self.server.url(self.protocol, port=self.port)
        return self.timed([self.options.postferry, "backup", url, archive, "--create", "--quiet"],
                          env={"POSTFERRY_PASSWORD": PASSWORD, "XDG_CACHE_HOME": str(self.root / "home" / ".cache"),
                               "XDG_STATE_HOME": str(self.root / "home" / ".state")})


class Bench(Pull):
    def mbsync(self, name, extra, fresh=True):
        folder = self.root / name
        if fresh:
            self.put_away(folder)
            folder.mkdir()
        config = self.root / f"{name}.rc"
        config.write_text(mbsync.imap_store("far", self.server.imap, "alice", PASSWORD, extra) + MAILDIR.format(folder=folder)
                          + mbsync.pull("*"))
        return self.timed(["mbsync", "-c", config, "-q", "-a"])


def compare(bench, name, box, rounds):
    total = sum(len(m.raw) for mails in box.folders.values() for m in mails)
    print(f"\nset {name}: {box.count():,} messages, {total / 1e6:,.1f} MB, {rounds} rounds", flush=True)
    tools = {"raw reader": bench.raw, "postferry backup": bench.postferry}
    if bench.options.mbsync:
        tools["mbsync, COMPRESS off"] = lambda: bench.mbsync("plain", "DisableExtension COMPRESS=DEFLATE")
        tools["mbsync as it comes"] = lambda: bench.mbsync("usual", "")
    bench.raw()   # the server builds its indexes
    rows = {tool: [] for tool in tools}
    for _ in range(rounds):
        for tool, run in tools.items():
            rows[tool].append(run())
    report(rows, "raw reader")
    again = {"postferry, no change": lambda: bench.postferry(fresh=False)}
    if bench.options.mbsync:
        again["mbsync, no change"] = lambda: bench.mbsync("plain", "DisableExtension COMPRESS=DEFLATE", fresh=False)
        time.sleep(1.1)  # mbsync waits if a Maildir has changed within this second
    rows = {tool: [] for tool in again}
    for _ in range(max(3, rounds)):
        for tool, run in again.items():
            rows[tool].append(run())
    report(rows, "postferry, no change")
    size = sum(p.stat().st_size for p in (bench.root / "archive").rglob("*") if p.is_file())
    print(f"   archive: {size / 1e6:,.1f} MB, {size / total:.3f} of the mail")
    for path in ("archive", "plain", "usual"):
        bench.put_away(bench.root / path)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--postferry", required=True)
    options.add_argument("--raw-reader", required=True)
    options.add_argument("--sets", default="S,L,T")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--full", action="store_true", help="the set M, too")
    options.add_argument("--no-mbsync", dest="mbsync", action="store_false")
    options.add_argument("--folder", help="where to work (default: a temporary one); about five times the set")
    options = options.parse_args()
    options.mbsync = options.mbsync and shutil.which("mbsync") is not None
    options.postferry, options.raw_reader = (str(Path(p).resolve()) for p in (options.postferry, options.raw_reader))
    root = Path(tempfile.mkdtemp(prefix="postferry-bench-", dir=options.folder))
    root.chmod(0o755)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}" + ("" if options.mbsync else ", no mbsync here"))
    try:
        for name in options.sets.split(",") + (["M"] if options.full and "M" not in options.sets else []):
            folder = root / name
            (folder / "home").mkdir(parents=True)
            folder.chmod(0o755)
            box = mailgen.sets(name)
            with Dovecot(folder / "server").fill("alice", box) as server:
                compare(Bench(folder, server, options), name, box, options.rounds)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()

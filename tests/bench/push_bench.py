#!/usr/bin/env python3
"""Times `postferry migrate` beside mbsync, interimap (where they are installed) and a raw writer: IMAP to IMAP between
two accounts of one private Dovecot, each round into an account that was empty, the tools in turn, medians. The raw
writer has the messages in memory already and puts them by MULTIAPPEND into one folder over one connection.

    push_bench.py --postferry .build/release/src/postferry --raw-writer .build/release/tests/bench/raw_writer
                  [--jobs S,Q50] [--rounds 3] [--connections 4]

A job is a set of mailgen.py; 50 behind it: over links of 50 ms and 100 Mbit/s, one to each account.
"""
import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
from delay_proxy import SlowLink  # noqa: E402
from support import mailgen, mbsync  # noqa: E402
from support.dovecot import Dovecot  # noqa: E402
from timing import Timer, report  # noqa: E402

PASSWORD = "secret-of-all"
TOOLS = ("raw writer", "postferry migrate", "mbsync, COMPRESS off", "mbsync as it comes", "interimap")
INTERIMAP_SIDE = """\
[{side}]
type = imap
host = 127.0.0.1
port = {port}
username = {user}
password = {password}
STARTTLS = NO
compress = NO

"""


class Bench(Timer):
    def __init__(self, root, server, ports, options, names):
        super().__init__(root)
        self.server, self.ports, self.options, self.names = server, ports, options, names
        self.files = sorted(str(path) for path in (server.root / "mail" / "alice").rglob("cur/*"))

    def fresh(self):
        user = next(self.names)
        home = self.root / "homes" / user
        home.mkdir(parents=True)
        return user, home

    def raw(self):
        user, home = self.fresh()
        listing = home / "messages"
        listing.write_text("\n".join(self.files))
        with open(listing, "rb") as names:
            figures = self.timed([self.options.raw_writer, self.ports[1], user, PASSWORD, "folder", len(self.files), "-", 50, 1],
                                 stdin=names)
        told = re.search(r"([\d.]+) s$", (self.root / "last.log").read_text().strip())
        return (float(told.group(1)), *figures[1:])  # without the reading of the files

    def postferry(self, again=None):
        user, home = again or self.fresh()
        self.last = user, home
        urls = [self.server.url(user=who, port=port) for who, port in zip(("alice", user), self.ports)]
        command = [self.options.postferry, "migrate", *urls, "--quiet"]
        if self.options.connections:
            command += ["--connections", self.options.connections]
        if self.options.trace:
            command += ["--trace", self.options.trace]
        return self.timed(command, env={"POSTFERRY_FROM_PASSWORD": PASSWORD, "POSTFERRY_TO_PASSWORD": PASSWORD,
                                        "XDG_CACHE_HOME": str(home / "cache"), "XDG_STATE_HOME": str(home / "state")})

    def mbsync(self, extra):
        user, home = self.fresh()
        (home / "state").mkdir()
        sides = [mbsync.imap_store(name, port, who, PASSWORD, extra)
                 for name, port, who in zip(("from", "to"), self.ports, ("alice", user))]
        (home / "rc").write_text("".join(sides) + mbsync.pull(f"{home}/state/", "from", "to"))
        return self.timed(["mbsync", "-c", home / "rc", "-q", "-a"])

    def interimap(self):
        user, home = self.fresh()
        sides = [INTERIMAP_SIDE.format(side=side, port=port, user=who, password=PASSWORD)
                 for side, port, who in zip(("local", "remote"), self.ports, ("alice", user))]
        (home / "rc").write_text(f"database = {home}/db\n" + "".join(sides))
        return self.timed(["interimap", "--config", home / "rc", "--quiet"], env={"XDG_DATA_HOME": str(home)})

    def arrived(self):
        """How many messages the last user got."""
        user = self.last[0]
        return sum(1 for _ in (self.server.root / "mail" / user).rglob("cur/*"))


def compare(bench, title, box):
    total = sum(len(m.raw) for mails in box.folders.values() for m in mails)
    options = bench.options
    print(f"\n{title}: {box.count():,} messages, {total / 1e6:,.1f} MB, {options.rounds} rounds", flush=True)
    runs = dict(zip(TOOLS, (bench.raw, bench.postferry, lambda: bench.mbsync("DisableExtension COMPRESS=DEFLATE"),
                            lambda: bench.mbsync(""), bench.interimap)))
    if not shutil.which("mbsync"):
        del runs["mbsync, COMPRESS off"], runs["mbsync as it comes"]
    if not shutil.which("interimap"):
        del runs["interimap"]
    if options.tools:
        runs = {tool: run for tool, run in runs.items() if any(tool.startswith(one) for one in options.tools.split(","))}
    # the server builds its indexes of the source
    subprocess.run([options.raw_reader, "imap", str(bench.server.imap), "alice", PASSWORD], check=True, stdout=subprocess.DEVNULL)
    rows = {tool: [] for tool in runs}
    for _ in range(options.rounds):
        for tool, run in runs.items():
            rows[tool].append(run())
            if tool.startswith("postferry") and bench.arrived() != box.count():
                raise SystemExit(f"{bench.arrived()} of {box.count()} messages arrived")
    report(rows, next(iter(rows)))
    if "postferry migrate" in runs:
        report({"postferry, no change": [bench.postferry(bench.last) for _ in range(options.rounds)]}, "postferry, no change")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--postferry", required=True)
    options.add_argument("--raw-writer", required=True)
    options.add_argument("--raw-reader", help="default: beside the raw writer")
    options.add_argument("--jobs", default="S,Q50")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--connections", type=int)
    options.add_argument("--tools", help="only those whose names begin so, comma between")
    options.add_argument("--trace", help="postferry's, of the last round")
    options.add_argument("--folder", help="where to work (default: a temporary one)")
    options = options.parse_args()
    options.raw_reader = options.raw_reader or str(Path(options.raw_writer).with_name("raw_reader"))
    root = Path(tempfile.mkdtemp(prefix="postferry-bench-", dir=options.folder))
    root.chmod(0o755)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    try:
        for job in options.jobs.split(","):
            folder = root / job
            (folder / "home").mkdir(parents=True)
            folder.chmod(0o755)
            names = [f"bert{n}" for n in range(options.rounds * len(TOOLS))]
            box = mailgen.sets(job.removesuffix("50"))
            slow = job.endswith("50")
            server = Dovecot(folder / "server", compress=True, users={name: PASSWORD for name in ["alice", *names]}).fill("alice", box)
            with server, contextlib.ExitStack() as links:
                ports = [links.enter_context(SlowLink(server.imap)).port for _ in range(2)] if slow else [server.imap] * 2
                compare(Bench(folder, server, ports, options, iter(names)), job, box)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Times `postferry backup` over POP3 beside mpop, which keeps the mail at the server and delivers it into a Maildir with
an fsync each as it always does, and the raw reader that throws the bytes away: one private Dovecot on loopback, the tools
in turn, medians. fetchmail (into one file, its fastest way) and getmail6, which ask for one message at a time, take their
turn once.

    pop3_bench.py --postferry .build/release/src/postferry --raw-reader .build/test/tests/bench/raw_reader
                  [--jobs P,PQ50] [--rounds 5]

A job is a set of mailgen.py; 50 behind it: over a link of 50 ms and 100 Mbit/s.
"""
import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]
from bench import PASSWORD, Pull  # noqa: E402
from delay_proxy import SlowLink  # noqa: E402
from support import mailgen  # noqa: E402
from support.dovecot import Dovecot  # noqa: E402
from timing import median, report  # noqa: E402

MPOP = """\
account default
host 127.0.0.1
port {port}
user alice
password {password}
auth user
tls off
keep on
uidls_file {folder}/uidls
delivery maildir {folder}
"""

FETCHMAIL = """\
poll 127.0.0.1 service {port} protocol POP3 timeout 60 username "alice" password "{password}"
    keep fetchall sslproto "" bsmtp "{folder}/mail"
"""
GETMAIL = """\
[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = {port}
username = alice
password = {password}
[destination]
type = Maildir
path = {folder}/
[options]
read_all = true
delete = false
verbose = 0
"""


class Bench(Pull):
    messages = 0

    def mpop(self, fresh=True):
        folder = self._folder("mpop", "cur", "new", "tmp") if fresh else self.root / "mpop"
        out = self.timed(["mpop", "-C", self._config("mpop.rc", MPOP, folder), "-q"])
        self._brought("mpop", sum(1 for _ in (folder / "new").iterdir()))
        return out

    def fetchmail(self):
        folder = self._folder("fetchmail")
        config = self._config("fetchmail.rc", FETCHMAIL, folder)
        out = self.timed(["fetchmail", "-f", config, "--silent", "--nosyslog"], env={"FETCHMAILHOME": str(folder)})
        self._brought("fetchmail", sum(line.startswith(b"MAIL FROM") for line in (folder / "mail").open("rb")))
        return out

    def getmail(self):
        folder = self._folder("getmail", "cur", "new", "tmp")
        config = self._config("getmail.rc", GETMAIL, folder)
        as_user = []
        if os.geteuid() == 0:  # it delivers nothing as root
            as_user = ["setpriv", "--reuid=mail", "--regid=mail", "--clear-groups"]
            for path in (config, folder, *folder.iterdir()):
                shutil.chown(path, "mail", "mail")
        out = self.timed([*as_user, "getmail", "--getmaildir", folder, "--rcfile", config])
        self._brought("getmail", sum(1 for _ in (folder / "new").iterdir()))
        return out

    def _folder(self, name, *parts):
        folder = self.root / name
        self.put_away(folder)
        for part in ("", *parts):
            (folder / part).mkdir(parents=True, exist_ok=True)
        return folder

    def _config(self, name, text, folder):
        config = self.root / name
        config.write_text(text.format(port=self.port, password=PASSWORD, folder=folder))
        config.chmod(0o600)
        return config

    def _brought(self, tool, count):
        if count != self.messages:
            raise SystemExit(f"{tool} has brought {count} of {self.messages} messages")


def in_turn(tools, rounds):
    rows = {tool: [] for tool in tools}
    for _ in range(rounds):
        for tool, run in tools.items():
            rows[tool].append(run())
    return rows


def compare(bench, title, box):
    total, rounds = sum(len(m.raw) for m in box.folders["INBOX"]), bench.options.rounds
    print(f"\n{title}: {box.count():,} messages, {total / 1e6:,.1f} MB, {rounds} rounds", flush=True)
    tools = {"raw reader": bench.raw, "postferry backup": bench.postferry}
    again = {"postferry, no change": lambda: bench.postferry(fresh=False)}
    bench.messages = box.count()
    if bench.options.mpop:
        tools["mpop"] = bench.mpop
        again["mpop, no change"] = lambda: bench.mpop(fresh=False)
    bench.raw()  # the server learns the sizes
    rows = in_turn(tools, rounds)
    slow = {name: run for name, run in (("fetchmail", bench.fetchmail), ("getmail", bench.getmail)) if shutil.which(name)}
    rows |= in_turn(slow, 1)
    report(rows, "raw reader")
    if bench.options.mpop:
        times = median(rows["mpop"])[0] / median(rows["postferry backup"])[0]
        print(f"   postferry backup is {times:.2f} times as fast as mpop")
    report(in_turn(again, rounds), "postferry, no change")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--postferry", required=True)
    options.add_argument("--raw-reader", required=True)
    options.add_argument("--jobs", default="P,PQ50")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--folder", help="where to work (default: a temporary one); about three times the set a round")
    options = options.parse_args()
    options.mpop = shutil.which("mpop") is not None
    options.postferry, options.raw_reader = (str(Path(p).resolve()) for p in (options.postferry, options.raw_reader))
    root = Path(tempfile.mkdtemp(prefix="postferry-bench-", dir=options.folder))
    root.chmod(0o755)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}" + ("" if options.mpop else ", no mpop here"))
    try:
        for job in options.jobs.split(","):
            folder = root / job
            (folder / "home").mkdir(parents=True)
            folder.chmod(0o755)
            box = mailgen.sets(job.removesuffix("50"))
            with Dovecot(folder / "server").fill("alice", box) as server, contextlib.ExitStack() as links:
                port = links.enter_context(SlowLink(server.pop3)).port if job.endswith("50") else server.pop3
                compare(Bench(folder, server, options, "pop3", port), job, box)
            shutil.rmtree(folder)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()

"""What the timings have in common: a child's seconds, CPU and peak memory; medians; a table."""
import os
import statistics
import subprocess
import threading
import time
from pathlib import Path


class Peak(threading.Thread):
    """The most memory that a process has had, as long as it could be asked."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.status, self.kib = Path(f"/proc/{pid}/status"), 0
        self.start()

    def run(self):
        while True:
            try:
                lines = [line for line in self.status.read_text().splitlines() if line.startswith("VmHWM")]
            except OSError:
                return
            if not lines:
                return  # a zombie has no memory
            self.kib = max(self.kib, int(lines[0].split()[1]))
            time.sleep(.005)

    def mib(self):
        self.join()
        return self.kib / 1024


class Timer:
    def __init__(self, root):
        self.root = root
        self.trash = root / "trash"
        self.trash.mkdir()
        self.number = 0

    # Deleting thousands of files slows ext4's creation of files for minutes after: they are put aside until the end.
    def put_away(self, path):
        if path.exists():
            self.number += 1
            path.rename(self.trash / f"{self.number}")

    def timed(self, command, env=None, check=True, stdin=subprocess.DEVNULL):
        """(wall seconds, CPU seconds, peak MiB) of a child."""
        os.sync()
        log = self.root / "last.log"
        begin = time.monotonic()
        with open(log, "wb") as out:
            child = subprocess.Popen([str(word) for word in command], stdin=stdin, stdout=out, stderr=out,
                                     env={**os.environ, "HOME": str(self.root / "home"), **(env or {})})
            # ru_maxrss begins with the size of the process that forked; VmHWM begins anew with exec
            watch = Peak(child.pid)
            _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begin
        if check and child.returncode != 0:
            raise SystemExit(f"{command[0]} ended with {child.returncode}:\n{log.read_text(errors='replace')[-2000:]}")
        return wall, usage.ru_utime + usage.ru_stime, watch.mib()


def median(rows):
    return tuple(statistics.median(column) for column in zip(*rows))


def report(rows, base):
    unit = median(rows[base])[0]
    print(f"   {'':24} {'seconds':>9} {'ratio':>7} {'CPU s':>8} {'peak MiB':>9}   range")
    for tool, all_ in rows.items():
        wall, cpu, peak = median(all_)
        walls = [row[0] for row in all_]
        print(f"   {tool:24} {wall:9.3f} {wall / unit:7.2f} {cpu:8.2f} {peak:9.1f}   {min(walls):.3f} to {max(walls):.3f}", flush=True)

"""The tour that packaging/demo takes. Every line after a `$` is the command that is run."""
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from support import mailgen, truth  # noqa: E402
from support.dovecot import Dovecot  # noqa: E402

PASSWORD = "a secret of the demo"
COLOR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


class Failed(Exception):
    pass


class Tour:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.steps = 0
        self.env = {**{k: v for k, v in os.environ.items() if not k.startswith("POSTFERRY")}, "HOME": str(folder), "LC_ALL": "C.UTF-8",
                    "XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state"),
                    "XDG_CACHE_HOME": str(folder / "cache"), "POSTFERRY_PASSWORD": PASSWORD,
                    "PATH": f"{Path(binary).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}"}

    def step(self, what):
        self.steps += 1
        title = f"{self.steps}. {what}"
        print(f"\n\033[1m{title}\033[0m" if COLOR else f"\n{title}", flush=True)

    # Runs a line of shell in the demo's folder and shows it with what it says, at most `lines` lines of it.
    def run(self, command, lines=14, expect=0):
        print(f"   $ {command}", flush=True)
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.decode("utf-8", "replace").splitlines()
        for line in said[:lines]:
            print("     " + line[:150])
        if len(said) > lines:
            print(f"     ... ({len(said) - lines} more lines)")
        sys.stdout.flush()
        if done.returncode != expect:
            raise Failed(f"exit status {done.returncode} in place of {expect}")
        return said


def take(tour, server):
    folder = tour.folder
    url = shlex.quote(f"imaps://alice@127.0.0.1:{server.imaps}/?ca={server.ca}")
    expected = truth.read(server.imap, password=PASSWORD)
    count = sum(len(f.messages) for f in expected.values())
    contents = {m.content for f in expected.values() for m in f.messages.values()}

    tour.step(f"A backup: all {count} messages of all folders, over TLS. The password comes from POSTFERRY_PASSWORD.")
    tour.run(f"postferry backup {url} MailArchive", lines=60)

    tour.step("The same once more. Nothing has changed, so nothing is fetched and no pack is written.")
    tour.run(f"postferry backup {url} MailArchive", lines=60)

    tour.step("Every run is a snapshot of the whole account.")
    tour.run("postferry snapshots MailArchive")

    tour.step("What is in it: folders, then the messages of one.")
    tour.run("postferry ls MailArchive", lines=50)
    tour.run("postferry ls MailArchive 'Projekte/*'", lines=10)

    tour.step("One message, byte for byte as the server sent it: its name is the SHA-256 of its bytes.")
    content = next(m.content for m in expected["Sent"].messages.values())
    tour.run(f"postferry show MailArchive {content[:12]} | head -n 8")
    shown = tour.run(f"postferry show MailArchive {content[:12]} | sha256sum")
    if not shown[0].startswith(content):
        raise Failed("these are not its bytes")

    tour.step("Is the archive whole? Every message is read and hashed.")
    tour.run("postferry check MailArchive --read-data")

    tour.step("All of it as .eml files, in folders that any file system takes; or as a Maildir (--format maildir).")
    tour.run("postferry export MailArchive Exported")
    tour.run("find Exported -name '*.eml' | sort | head -n 5; find Exported -name '*.eml' | wc -l")

    tour.step("And without postferry: a pack is a compressed tar, and the name of each message says what its bytes must be.")
    tour.run("ls -l MailArchive; ls -l MailArchive/packs/*/*")
    tour.run("mkdir Unpacked; for p in MailArchive/packs/*/*/*.tar.zst; do zstd -dc \"$p\" | tar -C Unpacked -xf -; done; ls Unpacked")
    tour.run("cd Unpacked && find mail -name '*.eml' -exec sha256sum {} + | sed -n 1,3p")
    unpacked = {p.stem for p in (folder / "Unpacked" / "mail").rglob("*.eml")}
    tour.run("cd Unpacked && find mail -name '*.eml' -exec sha256sum {} + | "
             "awk '{h=$1; sub(/^[^ ]*  /,\"\"); f=$0; sub(/.*\\//,\"\",f); if (f != h \".eml\") {print \"BAD \" $0; b=1}} END {exit b}' "
             "&& echo 'every hash is right'")
    if unpacked != contents:
        raise Failed(f"{len(contents ^ unpacked)} messages differ from what the server holds")
    print(f"     {len(unpacked)} different messages: exactly those that the server holds ({count} with duplicates)")


def main():
    binary = sys.argv[1]
    folder = Path(tempfile.mkdtemp(prefix="postferry-demo-"))
    folder.chmod(0o755)
    tour = Tour(binary, folder)
    status = 0
    try:
        tour.step("A private mail server (Dovecot) on free ports of 127.0.0.1, with a few hundred messages of every awkward kind.")
        server = Dovecot(folder / "server", users={"alice": PASSWORD}).fill("alice", mailgen.sets("demo"))
        with server:
            print(f"     IMAP over TLS on port {server.imaps}, {len(mailgen.FOLDERS)} folders, such as "
                  + ", ".join(json.dumps(name, ensure_ascii=False) for name in mailgen.FOLDERS[8:17:2]))
            take(tour, server)
            tour.step("The server is stopped, and all files of the demo are removed.")
    except Failed as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        status = 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if status == 0:
        print("\nYour own mail:  packaging/run backup imaps://you@your.provider MailArchive     (packaging/run --help)")
    return status


if __name__ == "__main__":
    sys.exit(main())

"""Reads an archive with tar, zstd and gzip alone: a second opinion on what the program wrote, and on its format."""
import hashlib
import json
import subprocess
import tarfile
from pathlib import Path


def packs(archive):
    return sorted(Path(archive).glob("packs/*/*/*.tar.*"))


def snapshot_files(archive):
    return sorted(Path(archive).glob("snapshots/*/*/*.json"))


def unpacked(pack):
    tool = "zstd" if pack.name.endswith(".zst") else "gzip"
    return subprocess.Popen([tool, "-dcq", str(pack)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)


class ArchiveView:
    """mails: content -> (size, name); parts: sha256 -> bytes of pages and shelves. Hashes are checked while reading."""

    def __init__(self, archive):
        self.path = Path(archive)
        self.mails, self.parts, self.wrong = {}, {}, []
        self.copies = 0
        for pack in packs(archive):
            self._read(pack)

    def _read(self, pack):
        process = unpacked(pack)
        with tarfile.open(fileobj=process.stdout, mode="r|") as tar:
            for entry in tar:
                data = tar.extractfile(entry).read()
                word = entry.name.rsplit("/", 1)[-1].split(".")[0]
                digest = hashlib.sha256(data).hexdigest()
                if entry.name.startswith("mail/"):
                    if digest != word:
                        self.wrong.append(entry.name)
                    self.mails[digest] = (len(data), entry.name, entry.mtime)
                    self.copies += 1
                elif entry.name.startswith("manifest/"):
                    if digest != word:
                        self.wrong.append(entry.name)
                    self.parts[digest] = data
            process.stdout.read()
        if process.wait() != 0:
            self.wrong.append(str(pack))
        process.stdout.close()

    def snapshots(self):
        """All of them, by account and seq."""
        out = []
        for file in snapshot_files(self.path):
            raw = file.read_bytes()
            if hashlib.sha256(raw).hexdigest()[:32] != file.stem.rsplit("-", 1)[-1][-32:]:
                self.wrong.append(str(file))
            snapshot = json.loads(raw)
            snapshot["file"], snapshot["id"] = file, hashlib.sha256(raw).hexdigest()
            out.append(snapshot)
        return sorted(out, key=lambda s: (s["account"], s["seq"]))

    def latest(self, account=None):
        found = [s for s in self.snapshots() if account in (None, s["account"])]
        return max(found, key=lambda s: s["seq"])

    def entries(self, folder):
        """The entries of one folder of a snapshot, in order."""
        for shelf in folder.get("shelves", []):
            lines = self.parts[shelf].splitlines()
            for line in lines[1:]:
                page = json.loads(line)
                entries = [json.loads(entry) for entry in self.parts[page["page"]].splitlines()]
                if len(entries) != page["count"]:
                    self.wrong.append(f"page {page['page']}: {len(entries)} of {page['count']}")
                yield from entries

    def mailbox(self, snapshot=None):
        """path -> {uid: entry}."""
        snapshot = snapshot or self.latest()
        return {path(folder): {e.get("uid", e.get("n")): e for e in self.entries(folder)} for folder in snapshot["folders"]}

    def pages(self, snapshot=None):
        """path -> the shelves' names: the same membership has the same."""
        snapshot = snapshot or self.latest()
        return {path(folder): folder.get("shelves", []) for folder in snapshot["folders"]}

    def missing(self, snapshot=None):
        return [e["content"] for box in self.mailbox(snapshot).values() for e in box.values() if e["content"] not in self.mails]


def path(folder):
    return "/".join(folder["path"])


def flags_of(entry):
    """As the server writes them."""
    return frozenset(entry.get("flags", []) + entry.get("keywords", []))

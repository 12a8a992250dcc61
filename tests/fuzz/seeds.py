#!/usr/bin/env python3
"""Writes seeds for fuzz_imap, fuzz_imap_source and fuzz_pop3, made from the dialogues:

    tests/fuzz/seeds.py FOLDER && .build/fuzz/tests/fuzz/fuzz_imap FOLDER/imap -dict=tests/fuzz/imap.dict
"""
import pathlib
import re
import sys

DIALOGUES = pathlib.Path(__file__).resolve().parent.parent / "dialogue"
WORDS = {b"CRLF": b"\r\n", b"CR": b"\r", b"LF": b"\n", b"NUL": b"\0", b"TAB": b"\t", b"SP": b" "}


def unescape(line):
    def word(match):
        name = match.group(1)
        if name in WORDS:
            return WORDS[name]
        if re.fullmatch(b"x[0-9A-Fa-f]{2}", name):
            return bytes([int(name[1:], 16)])
        many = re.fullmatch(rb"(\d+)\*(.+)", name)
        return min(int(many.group(1)), 300) * many.group(2) if many else match.group(0)

    return re.sub(rb"<([^>]+)>", word, line)


def connections(path):
    """What the server says on each connection."""
    said = [b""]
    for line in path.read_bytes().split(b"\n"):
        if line.strip() == b"connection":
            said.append(b"")
        elif line[:2] in (b"S:", b"S-"):
            rest = line[3:] if line[2:3] == b" " else line[2:]
            said[-1] += unescape(rest) + (b"\r\n" if line[:2] == b"S:" else b"")
    return [one for one in said if one] or [b""]


def earlier(said, lines=0):
    """Tags one lower, for a session that had nothing to do for the first; without its first lines."""
    said = said.split(b"\r\n", lines)[-1]
    return re.sub(rb"(?m)^([Aa])(\d+) ", lambda m: b"%s%d " % (m.group(1), int(m.group(2)) - 1), said)


def put(folder, name, seed):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(seed)


def main(out):
    for path in sorted((DIALOGUES / "imap").glob("*.imap")):
        text = path.read_text(errors="replace")
        said = [earlier(one, 2) for one in connections(path)]  # the fuzzer greets and is signed in
        both = b"".join(said[:2])
        cut = -(-len(said[0]) * 255 // max(1, len(both)))  # rounded up, as the fuzzer rounds down
        streams = not re.search(r"(?m)^(choose|leave|compare):", text)
        put(out / "imap_source", path.stem, bytes([streams, cut]) + both)
        if "folders: on" in text:
            put(out / "imap", path.stem, b"\0\0" + said[0])
        else:
            put(out / "imap", path.stem + "-bulk", b"\1\0" + said[0])
            put(out / "imap", path.stem + "-spans", b"\2\0" + earlier(said[0]))
    for path in sorted((DIALOGUES / "pop3").glob("*.pop3")):
        said = connections(path)[0]
        signed_in = said.partition(b"2 messages\r\n")[2]
        put(out / "pop3", path.stem, b"\0" + (signed_in or said.partition(b"\r\n")[2]))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

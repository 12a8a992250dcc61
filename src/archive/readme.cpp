#include <postferry/archive/archive.h>

namespace postferry::archive {

// The command lines were tried with GNU tar, zstd, gzip and coreutils; tests/unit/archive/readme_test.cpp
// runs them as they stand here.
std::string readme_text() {
  return R"(This folder is a mail archive made by postferry. You do not need postferry to read it.

  postferry.json    format version, archive id, time of creation
  packs/            all messages, in ordinary compressed tar files
  snapshots/        one JSON file a run: which account had which folders
  forgotten/ tombstones/ locks/ tmp/    bookkeeping; tmp/ holds nothing that is needed

In a pack, mail/<account>/<folder>/<hash>.eml is one message, byte for byte as the server sent it. The hash
in its name is the SHA-256 of these bytes. The folder is the one where the message was first seen: the same
message is stored once, and the lists in manifest/ (one line a message) say in which folders it lay, with
its UID, flags and date. snapshots/*.json name the lists (shelves, which name pages) of every folder.

All messages as files, into the folder OUT (in bash, "set -o pipefail" first, so that a failing zstd counts):

    export LC_ALL=C.UTF-8; mkdir -p OUT
    for p in packs/*/*/*.tar.zst; do zstd -dc "$p" | tar -C OUT -xf - || echo "DAMAGED $p"; done
    for p in packs/*/*/*.tar.gz; do gzip -dc "$p" | tar -C OUT -xf - || echo "DAMAGED $p"; done

(An archive has packs of one kind or of both; run the line for each kind there is. In one go, for .tar.gz:
the i matters, without it tar stops after the first pack and says nothing)

    cat packs/*/*/*.tar.gz | tar -xzif - -C OUT

Are they whole? This prints BAD and a name for each file whose bytes do not have its hash, and ends with 1:

    cd OUT && find mail -name '*.eml' -exec sha256sum {} + | awk '{h=$1; sub(/^[^ ]*  /,""); f=$0; sub(/.*\//,"",f); if (f != h ".eml") {print "BAD " $0; b=1}} END {exit b}'

A damaged pack: every frame starts a tar of its own, so that what lies after the damage can be read as well.
With its name in $p:

    LC_ALL=C grep -aboP '\x28\xb5\x2f\xfd' "$p" | cut -d: -f1 | while read o; do tail -c +$((o+1)) "$p" | zstd -dcq | tar -C OUT -x --ignore-zeros --skip-old-files -f -; done
    LC_ALL=C grep -aboP '\x1f\x8b\x08' "$p" | cut -d: -f1 | while read o; do tail -c +$((o+1)) "$p" | gzip -dcq | tar -C OUT -x --ignore-zeros --skip-old-files -f -; done

(the first for .tar.zst, the second for .tar.gz; error messages are to be expected. Then run the check above:
a message that is cut short is found by its hash.)

Which message lies where: each pack ends with a table of contents, .postferry/<time>-<random>.toc.jsonl, with
sender, date and subject of each message:

    for p in packs/*/*/*.tar.zst; do zstd -dc "$p" | tar -xOf - --wildcards '.postferry/*.toc.jsonl'; done

To copy an archive while a backup may be writing to it: snapshots/ first, then packs/, and do not delete
anything in the first pass (rsync without --delete).
)";
}

}  // namespace postferry::archive

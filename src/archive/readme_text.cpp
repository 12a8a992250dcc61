#include <postferry/archive/archive.h>

namespace postferry::archive {

std::string readme_text() {
  return R"(This folder is a mail archive, written by postferry. Every message in it can be read without
postferry, with tar, zstd (or gzip) and sha256sum.

  packs/       the messages: tar files, compressed with zstd (.tar.zst) or gzip (.tar.gz). In them
                 mail/<account>/<folder>/<sha256>.eml   a message, exactly as the server gave it
                 manifest/<sha256>.jsonl                lists of messages: UID, flags, date, content
                 manifest/<sha256>.shelf.jsonl          lists of such lists, a few for each folder
                 .postferry/                            tables of contents, copies of snapshots
  snapshots/   one JSON file for each run: which folders there were, and their shelves
  postferry.json  what this archive is
  locks/ tmp/  of running programs; forgotten/ tombstones/ keys/  of later versions and commands

A message is stored once, in the folder where it was first seen; the manifests say in which folders it was.
Nothing is ever changed: files are added, and removed by "postferry prune" alone.

Take everything out into OUT (make it first):

  export LC_ALL=C.UTF-8
  for p in packs/*/*/*.tar.zst; do zstd -dc "$p" | tar -C OUT -xf - || echo "DAMAGED $p"; done
  for p in packs/*/*/*.tar.gz; do gzip -dc "$p" | tar -C OUT -xf - || echo "DAMAGED $p"; done

or all gzip packs at once (the i matters: without it tar stops after the first pack and says nothing):

  cat packs/*/*/*.tar.gz | tar -xzif - -C OUT

Check that every message is whole (its name is the SHA-256 of its bytes):

  cd OUT && find mail -name '*.eml' -exec sha256sum {} + | awk '{h=$1; sub(/^[^ ]*  /,""); f=$0; sub(/.*\//,"",f); if (f != h ".eml") {print "BAD " $0; b=1}} END {exit b}'

A damaged pack p.tar.zst: every frame starts a tar of its own, so take what is left
(for gzip: '\x1f\x8b\x08' and gzip -dc):

  LC_ALL=C grep -aboP '\x28\xb5\x2f\xfd' p.tar.zst | cut -d: -f1 | while read o; do tail -c +$((o+1)) p.tar.zst | zstd -dcq | tar -C OUT -x --ignore-zeros --skip-old-files -f -; done

Copying this folder with rsync while a run writes: snapshots/ first, then packs/, never --delete in the first pass.
)";
}

}  // namespace postferry::archive

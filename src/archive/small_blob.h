#pragma once

#include <string>

#include <postferry/archive/blob_store.h>

namespace postferry::archive {

// A whole small file: a snapshot, lock or tombstone. Error{missing | damaged}, also beyond 64 MiB.
std::string read_blob(const BlobStore& store, const StoreName& name);

// Creates, fills and publishes one. `part`: its name while it grows.
void write_blob(BlobStore& store, const StoreName& name, const std::string& part, std::string_view bytes);

}  // namespace postferry::archive

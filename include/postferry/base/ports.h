#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace postferry {

// Time, so that a test can own it. Backoff and throttling wait here and nowhere else.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::system_clock::time_point now() const = 0;     // for people
  virtual std::chrono::steady_clock::time_point steady() const = 0;  // for deadlines, the age of a lock
  // Returns early when `stop` is requested; never throws.
  virtual void sleep_for(std::chrono::milliseconds time, std::stop_token stop) = 0;
};

// Bytes, read front to back.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // At least one byte, or 0 at the end.
  virtual std::size_t read(std::span<std::byte> into) = 0;
};

// Something growing under a work folder. The destructor abandons what was not published.
class OpenFile {
 public:
  virtual ~OpenFile() = default;
  // Each is a write to the file: who has many small pieces collects them.
  virtual void append(std::span<const std::byte> bytes) = 0;
  virtual void sync() = 0;
  // Syncs, makes it read-only, closes and renames without replacing; missing folders are made; both folders
  // are synced, any folder just made too. Ends the object's use. After any failure of an OpenFile (a failed
  // fsync may have dropped what was written before it) it refuses every further call.
  // A file of that name already there: Error{storage, run, never}, nothing is changed.
  virtual void publish(const std::filesystem::path& name) = 0;
};

struct FileInfo {
  std::string name;  // within its folder
  std::uint64_t size = 0;
  bool is_folder = false;
};

// The durable-file verbs this program needs, so that a test can drop what was not synced. Safe from any
// thread; an OpenFile belongs to one. All failures are Error{storage, run, never} that name the path.
class Files {
 public:
  virtual ~Files() = default;
  // A new empty file in `work_folder` under exactly `name` (0600); it stays there until published or removed.
  virtual std::unique_ptr<OpenFile> create(const std::filesystem::path& work_folder, const std::string& name) = 0;
  // Fills `into` from offset `from`, or throws Error{damaged, ...} if the file is shorter, {missing} if it is not there.
  virtual void read_range(const std::filesystem::path& path, std::uint64_t from, std::span<std::byte> into) const = 0;
  // Sorted by name; a folder that does not exist is empty.
  virtual std::vector<FileInfo> list(const std::filesystem::path& folder) const = 0;
  virtual bool exists(const std::filesystem::path& path) const = 0;
  virtual std::uint64_t size(const std::filesystem::path& path) const = 0;
  // Missing parents too, 0700, durable.
  virtual void make_folder(const std::filesystem::path& path) = 0;
  // A file or an empty folder; one that is not there is no error.
  virtual void remove(const std::filesystem::path& path) = 0;
};

}  // namespace postferry

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/files.h>
#include <postferry/base/text.h>
#include <postferry/codec/sha256.h>

#include "export_target.h"

namespace postferry::cli {
namespace {

namespace fs = std::filesystem;
constexpr const char* marker = ".postferry-export.json";

[[noreturn]] void storage(const fs::path& path, const std::string& why) {
  throw Error(Cause::storage, Blast::run, Retry::never, fmt::format("{}: {}", printable(path.native()), why));
}

// A file that grows; removed on the way out unless it was renamed.
class PartFile {
 public:
  explicit PartFile(fs::path path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor_ < 0) storage(path_, std::strerror(errno));
  }
  ~PartFile() {
    if (descriptor_ >= 0) ::close(descriptor_), ::unlink(path_.c_str());
  }
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  void append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto done = ::write(descriptor_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) storage(path_, std::strerror(errno));
      bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
  }
  // The time of a file is the time of its message: Dovecot takes it for INTERNALDATE.
  void become(const fs::path& name, const std::optional<mail::Received>& when) {
    if (when) {
      const timespec time{when->at.time_since_epoch().count(), 0};
      const timespec both[2] = {time, time};
      ::futimens(descriptor_, both);
    }
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0 || ::rename(path_.c_str(), name.c_str()) != 0) {
      const int why = errno;
      ::unlink(path_.c_str());
      storage(name, std::strerror(why));
    }
  }

 private:
  fs::path path_;
  int descriptor_ = -1;
};

bool holds(const fs::path& file, std::uint64_t size, const mail::ContentId& content) {
  std::error_code gone;  // not there: then it does not hold it
  if (fs::file_size(file, gone) != size || gone) return false;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  codec::Sha256 hash;
  std::array<std::byte, 64u << 10> buffer{};
  ssize_t got = 0;
  while ((got = ::read(descriptor, buffer.data(), buffer.size())) > 0)
    hash.update(std::span(buffer).first(static_cast<std::size_t>(got)));
  ::close(descriptor);
  return got == 0 && hash.digest() == content.digest;
}

}  // namespace

Written write_message(const mail::Body& body, const mail::ContentId& content, const fs::path& part,
                      const fs::path& file, const std::optional<mail::Received>& when) {
  if (holds(file, body.size(), content)) return Written::there_already;
  PartFile out(part);
  const auto bytes = body.open();
  codec::Sha256 hash;
  std::array<std::byte, 64u << 10> buffer{};
  while (const auto got = bytes->read(buffer)) {
    const auto some = std::span(buffer).first(got);
    hash.update(some);
    out.append(some);
  }
  if (hash.digest() != content.digest) {
    throw Error(Cause::damaged, Blast::message, Retry::never,
                "its bytes are not those that its name stands for");
  }
  out.become(file, when);
  return Written::anew;
}

void prepare_export_folder(const fs::path& root, const std::string& format, const std::string& archive_id,
                           bool force) {
  std::error_code problem;
  fs::create_directories(root, problem);
  if (problem) storage(root, problem.message());
  const auto mark = root / marker;
  const auto refuse = [&](const std::string& why) {
    if (force) return;
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("{}: {} (--force writes into it all the same)", printable(root.native()), why));
  };
  if (fs::exists(mark, problem)) {
    const auto earlier = codec::parse_json(read_text_file(mark, 1u << 20));
    if (!earlier || earlier->text("format") != format) refuse("holds an export of another format");
    if (earlier && earlier->text("archive") != archive_id) refuse("holds an export of another archive");
  } else if (!fs::is_empty(root, problem)) {
    refuse("the folder is not empty");
  }
  std::ofstream out(mark, std::ios::trunc);
  out << codec::Json::object()
             .add("postferry_export", 1)
             .add("format", format)
             .add("archive", archive_id)
             .dump()
      << '\n';
  out.flush();
  if (!out) storage(mark, "cannot be written");
}

ExportIndex::ExportIndex(const fs::path& root)
    : part_(root / ".index.jsonl.part"),
      file_(root / "index.jsonl"),
      out_(part_, std::ios::trunc) {
  if (!out_) storage(part_, "cannot be written");
}

ExportIndex::~ExportIndex() {
  std::error_code ignored;  // a leftover of a run that was stopped; the next one writes over it
  if (!published_) fs::remove(part_, ignored);
}

void ExportIndex::add(const codec::Json& line) { out_ << line.dump() << '\n'; }

void ExportIndex::publish() {
  out_.close();
  std::error_code problem;
  if (out_) fs::rename(part_, file_, problem);
  if (!out_ || problem) storage(file_, problem ? problem.message() : "cannot be written");
  published_ = true;
  // one sync for all files: one each would make a large export take hours
  const int folder = ::open(file_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || ::syncfs(folder) != 0) {
    const int why = errno;
    if (folder >= 0) ::close(folder);
    storage(file_.parent_path(), std::strerror(why));
  }
  ::close(folder);
}

}  // namespace postferry::cli

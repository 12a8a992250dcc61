#include "tar.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <postferry/base/text.h>

namespace postferry::archive {
namespace {

using Block = std::array<char, tar_block>;

// Offsets and lengths of POSIX ustar.
struct Field {
  std::size_t at, length;
};
constexpr Field name_field{0, 100}, mode_field{100, 8}, uid_field{108, 8}, gid_field{116, 8},
    size_field{124, 12}, mtime_field{136, 12}, checksum_field{148, 8}, magic_field{257, 8},
    major_field{329, 8}, minor_field{337, 8}, prefix_field{345, 155};
constexpr std::size_t type_at = 156;

constexpr std::uint64_t octal_limit = std::uint64_t{1} << 33U;  // eleven octal digits
constexpr std::size_t pax_most = 64U << 10U;                    // more is not a path that we would write

void put(Block& block, Field field, std::string_view text) {
  std::memcpy(block.data() + field.at, text.data(), std::min(text.size(), field.length));
}

// Zero-filled octal digits and a final NUL.
void put_octal(Block& block, Field field, std::uint64_t value) {
  for (std::size_t i = field.length - 1; i-- > 0; value >>= 3U) {
    block[field.at + i] = static_cast<char>('0' + (value & 7U));
  }
}

unsigned checksum(const char* block) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < tar_block; ++i) sum += static_cast<unsigned char>(block[i]);
  for (std::size_t i = 0; i < checksum_field.length; ++i) {
    sum += ' ' - static_cast<unsigned>(static_cast<unsigned char>(block[checksum_field.at + i]));
  }
  return sum;
}

Block blank_header() {
  Block block{};
  put(block, mode_field, "0000644");
  put(block, uid_field, "0000000");
  put(block, gid_field, "0000000");
  put(block, magic_field,
      std::string_view("ustar\0"
                       "00",
                       8));
  put(block, major_field, "0000000");
  put(block, minor_field, "0000000");
  return block;
}

void append_text(std::vector<std::byte>& out, std::string_view text) {
  const auto bytes = as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

struct Split {
  std::string_view prefix, name;
};

// Where ustar's two fields can hold the path, if they can.
std::optional<Split> split(std::string_view path) {
  if (path.size() <= name_field.length) return Split{{}, path};
  if (path.size() > prefix_field.length + 1 + name_field.length) return std::nullopt;
  const auto slash = path.find('/', path.size() - name_field.length - 1);
  if (slash == std::string_view::npos || slash == 0 || slash > prefix_field.length ||
      slash + 1 == path.size()) {
    return std::nullopt;
  }
  return Split{path.substr(0, slash), path.substr(slash + 1)};
}

void append_block(std::vector<std::byte>& out, Split path, std::uint64_t size, std::int64_t mtime,
                  char type) {
  static const Block blank = blank_header();
  Block block = blank;
  put(block, name_field, path.name);
  put(block, prefix_field, path.prefix);
  put_octal(block, size_field, size);
  put_octal(block, mtime_field, static_cast<std::uint64_t>(tar_mtime(mtime)));
  block[type_at] = type;
  put_octal(block, Field{checksum_field.at, 7}, checksum(block.data()));
  block[checksum_field.at + 7] = ' ';
  append_text(out, {block.data(), block.size()});
}

// "LENGTH key=value\n", where LENGTH counts its own digits.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (length != rest + fmt::formatted_size("{}", length))
    length = rest + fmt::formatted_size("{}", length);
  return fmt::format("{} {}={}\n", length, key, value);
}

std::string pax_records(std::string_view path, std::uint64_t size) {
  std::string out;
  if (!split(path)) out += pax_record("path", path);
  if (size >= octal_limit) out += pax_record("size", fmt::format("{}", size));
  return out;
}

std::string_view text_field(const char* block, Field field) {
  const std::string_view all(block + field.at, field.length);
  return all.substr(0, all.find('\0'));
}

std::optional<std::uint64_t> octal_field(const char* block, Field field) {
  auto digits = text_field(block, field);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '7') return std::nullopt;
    value = value << 3U | static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

// The members of a pax header that we write; all others are passed over. False: not well-formed.
bool read_pax(std::string_view records, TarHead& head, bool& has_size) {
  while (!records.empty()) {
    const auto blank = records.find(' ');
    if (blank == std::string_view::npos) return false;
    const auto length = parse_number(records.substr(0, blank));
    if (!length || *length > records.size() || *length < blank + 3 || records[*length - 1] != '\n')
      return false;
    const auto record = records.substr(blank + 1, *length - blank - 2);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const auto key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") head.path = value;
    if (key == "size") {
      const auto size = parse_number(value);
      if (!size || *size > std::numeric_limits<std::uint64_t>::max() / 2) return false;
      head.size = *size;
      has_size = true;
    }
    records.remove_prefix(*length);
  }
  return true;
}

TarRead read_block(Bytes raw, const char*& block) {
  if (raw.size() < tar_block) return TarRead::cut;
  block = as_text(raw).data();
  if (std::all_of(block, block + tar_block, [](char c) { return c == 0; })) return TarRead::zeros;
  const auto sum = octal_field(block, checksum_field);
  if (!sum || *sum != checksum(block) || text_field(block, Field{magic_field.at, 5}) != "ustar")
    return TarRead::bad;
  return TarRead::entry;
}

}  // namespace

std::int64_t tar_mtime(std::int64_t mtime) {
  return std::clamp<std::int64_t>(mtime, 0, static_cast<std::int64_t>(octal_limit - 1));
}

std::size_t tar_header_bytes(std::string_view path, std::uint64_t size) {
  if (size < octal_limit && split(path)) return tar_block;
  return 2 * tar_block + static_cast<std::size_t>(tar_padded(pax_records(path, size).size()));
}

void append_tar_header(std::vector<std::byte>& out, std::string_view path, std::uint64_t size,
                       std::int64_t mtime) {
  auto place = split(path);
  if (!place || size >= octal_limit) {
    const auto records = pax_records(path, size);
    append_block(out, {{}, "PaxHeaders/entry"}, records.size(), mtime, 'x');
    append_text(out, records);
    append_tar_padding(out, records.size());
  }
  if (!place) place = Split{{}, path.substr(0, name_field.length)};
  append_block(out, *place, size < octal_limit ? size : 0, mtime, '0');
}

void append_tar_padding(std::vector<std::byte>& out, std::uint64_t size) {
  out.insert(out.end(), static_cast<std::size_t>(tar_padded(size) - size), std::byte{0});
}

TarRead read_tar_header(Bytes raw, TarHead& head) {
  const char* block = nullptr;
  auto read = read_block(raw, block);
  if (read != TarRead::entry) return read;
  head = TarHead{};
  bool has_size = false;
  if (block[type_at] == 'x') {
    const auto length = octal_field(block, size_field);
    if (!length || *length > pax_most) return TarRead::bad;
    const auto rest = static_cast<std::size_t>(tar_padded(*length));
    if (raw.size() < tar_block + rest) return TarRead::cut;
    if (!read_pax(as_text(raw.subspan(tar_block, static_cast<std::size_t>(*length))), head, has_size)) {
      return TarRead::bad;
    }
    head.header_bytes = tar_block + rest;
    read = read_block(raw.subspan(head.header_bytes), block);
    if (read != TarRead::entry) return read == TarRead::cut ? read : TarRead::bad;
  }
  const auto size = octal_field(block, size_field), mtime = octal_field(block, mtime_field);
  if (!size || !mtime || (block[type_at] != '0' && block[type_at] != 0)) return TarRead::bad;
  if (!has_size) head.size = *size;
  head.mtime = static_cast<std::int64_t>(*mtime);
  head.header_bytes += tar_block;
  if (head.path.empty()) {
    const auto prefix = text_field(block, prefix_field);
    if (!prefix.empty()) head.path.append(prefix).append("/");
    head.path += text_field(block, name_field);
  }
  return TarRead::entry;
}

}  // namespace postferry::archive

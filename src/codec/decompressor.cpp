#include <algorithm>
#include <limits>
#include <new>
#include <string>

#define ZLIB_CONST  // next_in may point to const bytes
#include <zlib.h>
#include <zstd.h>

#include <fmt/format.h>
#include <postferry/base/error.h>
#include <postferry/codec/compress.h>

namespace postferry::codec {
namespace {

Error damaged(std::string_view why) {
  return {Cause::damaged, Blast::message, Retry::never, fmt::format("compressed frame: {}", why)};
}

Error too_large(std::uint64_t most) { return damaged(fmt::format("gives more than {} bytes", most)); }

// What a growing output is given next; doubled, so that a frame that lies about its size costs only what it
// holds.
constexpr std::size_t first_room = 64U << 10U;

// Makes room in `out` for more output after `done`; never more than one byte beyond what is allowed, and
// that byte only to see whether something comes.
void grow(std::vector<std::byte>& out, std::size_t had, std::size_t done, std::uint64_t most) {
  if (done - had > most) throw too_large(most);
  const std::uint64_t wanted = std::max<std::uint64_t>(first_room, (done - had) * 2);
  const std::uint64_t allowed = most == std::numeric_limits<std::uint64_t>::max() ? most : most + 1;
  out.resize(had + static_cast<std::size_t>(std::min(wanted, allowed)));
}

struct FreeZstd {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class Unzstd {
 public:
  Unzstd() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 23);
  }

  std::size_t frame(Bytes frame, std::vector<std::byte>& out, std::uint64_t most) {
    const std::size_t length = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
    if (ZSTD_isError(length) != 0) throw damaged(ZSTD_getErrorName(length));
    if (is_skippable(frame)) return length;
    frame = frame.first(length);
    const auto raw = ZSTD_getFrameContentSize(frame.data(), frame.size());
    if (raw == ZSTD_CONTENTSIZE_ERROR) throw damaged("no frame header");
    if (raw == ZSTD_CONTENTSIZE_UNKNOWN) {
      in_pieces(frame, out, most);
    } else {
      at_once(frame, raw, out, most);
    }
    return length;
  }

 private:
  static bool is_skippable(Bytes frame) {
    constexpr std::byte low{0x50};  // 0x184D2A50 to 0x184D2A5F, little-endian
    return frame.size() >= 4 && (frame[0] & std::byte{0xF0}) == low && frame[1] == std::byte{0x2A} &&
           frame[2] == std::byte{0x4D} && frame[3] == std::byte{0x18};
  }

  void at_once(Bytes frame, std::uint64_t raw, std::vector<std::byte>& out, std::uint64_t most) {
    if (raw > most) throw too_large(most);
    // a block of 128 KiB takes at least 4 bytes: what promises more is not worth the memory
    if (raw / 32768 > frame.size()) throw damaged("promises more than it can hold");
    const std::size_t had = out.size();
    out.resize(had + raw);
    const auto made = ZSTD_decompressDCtx(context_.get(), out.data() + had, raw, frame.data(), frame.size());
    if (ZSTD_isError(made) != 0) throw damaged(ZSTD_getErrorName(made));
    if (made != raw) throw damaged("gives less than it promises");
  }

  void in_pieces(Bytes frame, std::vector<std::byte>& out, std::uint64_t most) {
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    const std::size_t had = out.size();
    std::size_t done = had;
    ZSTD_inBuffer in{frame.data(), frame.size(), 0};
    std::size_t left = 1;
    while (left != 0) {
      if (done == out.size()) grow(out, had, done, most);
      ZSTD_outBuffer into{out.data() + done, out.size() - done, 0};
      const std::size_t before = in.pos;
      left = ZSTD_decompressStream(context_.get(), &into, &in);
      if (ZSTD_isError(left) != 0) throw damaged(ZSTD_getErrorName(left));
      if (left != 0 && into.pos == 0 && in.pos == before && in.pos == in.size) throw damaged("cut short");
      done += into.pos;
    }
    out.resize(done);
    if (done - had > most) throw too_large(most);
  }

  std::unique_ptr<ZSTD_DCtx, FreeZstd> context_;
};

class Gunzip {
 public:
  Gunzip() {
    constexpr int window_bits_gzip = 15 + 16;
    if (inflateInit2(&stream_, window_bits_gzip) != Z_OK) throw std::bad_alloc();
  }
  ~Gunzip() { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  std::size_t frame(Bytes frame, std::vector<std::byte>& out, std::uint64_t most) {
    inflateReset(&stream_);
    const std::size_t had = out.size();
    std::size_t done = had;
    std::size_t taken = 0;
    int state = Z_OK;
    while (state != Z_STREAM_END) {
      if (done == out.size()) grow(out, had, done, most);
      const std::size_t offer = bounded(frame.size() - taken);
      const std::size_t room = bounded(out.size() - done);
      stream_.next_in = static_cast<const Bytef*>(static_cast<const void*>(frame.data() + taken));
      stream_.avail_in = static_cast<uInt>(offer);
      stream_.next_out = static_cast<Bytef*>(static_cast<void*>(out.data() + done));
      stream_.avail_out = static_cast<uInt>(room);
      state = inflate(&stream_, Z_NO_FLUSH);
      taken += offer - stream_.avail_in;
      done += room - stream_.avail_out;
      if (state == Z_MEM_ERROR) throw std::bad_alloc();
      if (state == Z_BUF_ERROR || (state == Z_OK && taken == frame.size() && done < out.size()))
        throw damaged("cut short");
      if (state != Z_OK && state != Z_STREAM_END)
        throw damaged(stream_.msg != nullptr ? stream_.msg : "not gzip");
    }
    out.resize(done);
    if (done - had > most) throw too_large(most);
    return taken;
  }

 private:
  static std::size_t bounded(std::size_t n) {
    return std::min<std::size_t>(n, std::numeric_limits<uInt>::max() / 2);
  }

  z_stream stream_{};
};

}  // namespace

struct Decompressor::State {
  std::unique_ptr<Unzstd> zstd;
  std::unique_ptr<Gunzip> gzip;
};

Decompressor::Decompressor(Codec codec) : state_(std::make_unique<State>()) {
  if (codec == Codec::zstd) {
    state_->zstd = std::make_unique<Unzstd>();
  } else {
    state_->gzip = std::make_unique<Gunzip>();
  }
}

Decompressor::~Decompressor() = default;

std::size_t Decompressor::frame(Bytes frame, std::vector<std::byte>& out, std::uint64_t most) {
  return state_->zstd ? state_->zstd->frame(frame, out, most) : state_->gzip->frame(frame, out, most);
}

}  // namespace postferry::codec

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>

#define ZLIB_CONST  // next_in may point to const bytes
#include <zlib.h>
#include <zstd.h>

#include <postferry/codec/compress.h>

namespace postferry::codec {
namespace {

constexpr int window_log_most = 23;  // 8 MiB: what a reader needs to hold, whoever wrote it

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class Zstd {
 public:
  explicit Zstd(int level) : context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    const int wanted = level == 0 ? 3 : level;
    set(ZSTD_c_compressionLevel, wanted);
    set(ZSTD_c_checksumFlag, 1);  // off by default: most flipped bits would pass in silence
    set(ZSTD_c_contentSizeFlag, 1);
    if (wanted > 19) set(ZSTD_c_windowLog, window_log_most);
  }

  void frame(Bytes raw, std::vector<std::byte>& out) {
    const auto room = reserve(ZSTD_compressBound(raw.size()));
    const std::size_t made = ZSTD_compress2(context_.get(), room.data(), room.size(), raw.data(), raw.size());
    if (ZSTD_isError(made) != 0) throw std::bad_alloc();  // with room for the bound there is no other reason
    out.insert(out.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(made));
  }

 private:
  void set(ZSTD_cParameter parameter, int value) {
    [[maybe_unused]] const auto result = ZSTD_CCtx_setParameter(context_.get(), parameter, value);
    assert(ZSTD_isError(result) == 0);
  }

  // Never cleared: a vector would be filled with zeros for each frame.
  std::span<std::byte> reserve(std::size_t size) {
    if (size > room_size_) {
      room_.reset(new std::byte[size]);
      room_size_ = size;
    }
    return {room_.get(), room_size_};
  }

  std::unique_ptr<ZSTD_CCtx, FreeZstd> context_;
  std::unique_ptr<std::byte[]> room_;
  std::size_t room_size_ = 0;
};

class Gzip {
 public:
  explicit Gzip(int level) {
    constexpr int window_bits_gzip = 15 + 16;
    // zlib's own header: no name, mtime 0
    if (deflateInit2(&stream_, level == 0 ? 6 : level, Z_DEFLATED, window_bits_gzip, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Gzip() { deflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void frame(Bytes raw, std::vector<std::byte>& out) {
    const std::size_t had = out.size();
    out.resize(had + deflateBound(&stream_, raw.size()) + 64);
    std::size_t done = had;
    int state = Z_OK;
    while (state != Z_STREAM_END) {
      constexpr std::size_t most = std::numeric_limits<uInt>::max() / 2;
      const std::size_t piece = std::min(raw.size(), most);
      if (stream_.avail_in == 0 && piece > 0) {
        stream_.next_in = static_cast<const Bytef*>(static_cast<const void*>(raw.data()));
        stream_.avail_in = static_cast<uInt>(piece);
        raw = raw.subspan(piece);
      }
      const std::size_t room = std::min(out.size() - done, most);
      stream_.next_out = static_cast<Bytef*>(static_cast<void*>(out.data() + done));
      stream_.avail_out = static_cast<uInt>(room);
      state = deflate(&stream_, raw.empty() ? Z_FINISH : Z_NO_FLUSH);
      done += room - stream_.avail_out;
      assert(state == Z_OK || state == Z_STREAM_END || state == Z_BUF_ERROR);
      if (done == out.size()) out.resize(out.size() + out.size() / 2 + 64);
    }
    out.resize(done);
    deflateReset(&stream_);
  }

 private:
  z_stream stream_{};
};

}  // namespace

struct Compressor::State {
  std::unique_ptr<Zstd> zstd;
  std::unique_ptr<Gzip> gzip;
};

Compressor::Compressor(Codec codec, int level) : state_(std::make_unique<State>()) {
  if (codec == Codec::zstd) {
    state_->zstd = std::make_unique<Zstd>(level);
  } else {
    state_->gzip = std::make_unique<Gzip>(level);
  }
}

Compressor::~Compressor() = default;

void Compressor::frame(Bytes raw, std::vector<std::byte>& out) {
  if (state_->zstd) return state_->zstd->frame(raw, out);
  state_->gzip->frame(raw, out);
}

std::string_view extension(Codec codec) { return codec == Codec::zstd ? "zst" : "gz"; }

}  // namespace postferry::codec

#include "sha256_blocks.h"

// Built with -msha: nothing inline from another header may come in here, or it could be linked in for
// processors that have no such instructions.
#if defined(__SHA__)

#include <cpuid.h>
#include <immintrin.h>

namespace postferry::codec {
namespace {

alignas(16) constexpr std::uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The instructions want the eight words as A B E F and C D G H, the last one lowest.
struct Halves {
  __m128i abef, cdgh;
};

inline __m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
inline void store(void* to, __m128i words) { _mm_storeu_si128(static_cast<__m128i*>(to), words); }

inline Halves gathered(const std::uint32_t* state) {
  const __m128i cdab = _mm_shuffle_epi32(load(state), 0xB1);
  const __m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1B);
  return {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

inline void scatter(const Halves& halves, std::uint32_t* state) {
  const __m128i feba = _mm_shuffle_epi32(halves.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(halves.cdgh, 0xB1);
  store(state, _mm_blend_epi16(feba, dchg, 0xF0));
  store(state + 4, _mm_alignr_epi8(dchg, feba, 8));
}

// Words 4n to 4n+3 of the schedule, in the place of those four steps of four before.
template <int n>
inline void schedule(__m128i (&words)[4], const std::byte* block) {
  __m128i& next = words[n % 4];
  if constexpr (n < 4) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    next = _mm_shuffle_epi8(load(block + std::size_t{16} * n), big_endian);
  } else {
    const __m128i last = words[(n + 3) % 4];
    const __m128i seven_back = _mm_alignr_epi8(last, words[(n + 2) % 4], 4);
    next = _mm_sha256msg1_epu32(next, words[(n + 1) % 4]);
    next = _mm_sha256msg2_epu32(_mm_add_epi32(next, seven_back), last);
  }
}

// Four rounds of each text.
template <int n, int texts>
inline void rounds(Halves (&at)[texts], __m128i (&words)[texts][4], const std::byte* const (&block)[texts]) {
  __m128i sum[texts];
  for (int i = 0; i < texts; ++i) {
    schedule<n>(words[i], block[i]);
    sum[i] = _mm_add_epi32(words[i][n % 4], load(constants + std::size_t{4} * n));
  }
  for (int i = 0; i < texts; ++i) at[i].cdgh = _mm_sha256rnds2_epu32(at[i].cdgh, at[i].abef, sum[i]);
  for (int i = 0; i < texts; ++i) {
    at[i].abef = _mm_sha256rnds2_epu32(at[i].abef, at[i].cdgh, _mm_shuffle_epi32(sum[i], 0x0E));
  }
  if constexpr (n + 1 < 16) rounds<n + 1, texts>(at, words, block);
}

template <int texts>
inline void hash(std::uint32_t* const (&state)[texts], const std::byte* (&text)[texts], std::size_t blocks) {
  Halves at[texts];
  for (int i = 0; i < texts; ++i) at[i] = gathered(state[i]);
  for (; blocks > 0; --blocks) {
    Halves before[texts];
    __m128i words[texts][4];
    const std::byte* block[texts];
    for (int i = 0; i < texts; ++i) {
      before[i] = at[i];
      block[i] = text[i];
      text[i] += 64;
    }
    rounds<0, texts>(at, words, block);
    for (int i = 0; i < texts; ++i) {
      at[i].abef = _mm_add_epi32(at[i].abef, before[i].abef);
      at[i].cdgh = _mm_add_epi32(at[i].cdgh, before[i].cdgh);
    }
  }
  for (int i = 0; i < texts; ++i) scatter(at[i], state[i]);
}

}  // namespace

bool has_sha_instructions() noexcept {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned ssse3 = 1U << 9U, sse41 = 1U << 19U, sha = 1U << 29U;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & ssse3) == 0 || (c & sse41) == 0) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & sha) != 0;
}

void hash_blocks(std::uint32_t* state, const std::byte* text, std::size_t blocks) noexcept {
  std::uint32_t* const states[] = {state};
  const std::byte* texts[] = {text};
  hash<1>(states, texts, blocks);
}

void hash_blocks(std::uint32_t* state_a, const std::byte* text_a, std::uint32_t* state_b,
                 const std::byte* text_b, std::size_t blocks) noexcept {
  std::uint32_t* const states[] = {state_a, state_b};
  const std::byte* texts[] = {text_a, text_b};
  hash<2>(states, texts, blocks);
}

}  // namespace postferry::codec

#else

namespace postferry::codec {

bool has_sha_instructions() noexcept { return false; }
void hash_blocks(std::uint32_t*, const std::byte*, std::size_t) noexcept {}
void hash_blocks(std::uint32_t*, const std::byte*, std::uint32_t*, const std::byte*, std::size_t) noexcept {}

}  // namespace postferry::codec

#endif

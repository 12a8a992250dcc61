#pragma once

#include <cstddef>
#include <cstdint>

namespace postferry::codec {

// The compression function of SHA-256 (FIPS 180-4, 6.2.2) by the processor's own instructions, for one text
// or for two side by side: a round waits for the one before, so a second text costs next to nothing. OpenSSL
// has no such call.

// Whether this processor has them; if not, none of the others may be called.
bool has_sha_instructions() noexcept;

// `state` is H0 to H7; `text` holds `blocks` times 64 bytes.
void hash_blocks(std::uint32_t* state, const std::byte* text, std::size_t blocks) noexcept;
void hash_blocks(std::uint32_t* state_a, const std::byte* text_a, std::uint32_t* state_b,
                 const std::byte* text_b, std::size_t blocks) noexcept;

}  // namespace postferry::codec

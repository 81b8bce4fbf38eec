// A hash that tells mistakes, not forgeries.
#pragma once

#include <stdint.h>

namespace skip::runtime {

/// FNV-1a of 64 bits (Fowler, Noll and Vo).
struct Fnv1a {
  uint64_t value = 0xcbf29ce484222325u;

  void add(uint8_t byte) { value = (value ^ byte) * 0x100000001b3u; }
  /// What `text` points to before its zero.
  void add(const char *text) {
    for (; *text; ++text)
      add(static_cast<uint8_t>(*text));
  }
};

} // namespace skip::runtime

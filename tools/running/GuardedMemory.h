// Memory in which it shows what was never written, and what was written that should not be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace skip::tool {

/// An array of floats between two guards. Each word that nobody wrote is a NaN of its own, so that it spoils what is computed
/// from it.
class GuardedMemory {
public:
  /// `bytes` from a 64-byte boundary on; all is NaN. Throws nothing: data() is null where there is no memory.
  explicit GuardedMemory(size_t bytes);

  void *data() const { return memory ? memory.get() + guardWords : nullptr; }
  float *floats() const { return static_cast<float *>(data()); }
  size_t bytes() const { return size; }

  /// Makes all of it NaN, the guards not.
  void fill();
  /// Zeros, between the guards.
  void clear();
  /// Whether the guards are as they were.
  bool isIntact() const;

private:
  static constexpr size_t guardWords = 1024; // of 4 bytes: a page before and behind
  struct Free {
    void operator()(uint32_t *words) const { std::free(words); }
  };
  void fill(size_t from, size_t to);

  size_t size, words; // words: of the array, rounded up
  std::unique_ptr<uint32_t, Free> memory;
};

} // namespace skip::tool

// Empties the caches of what one wants to find cold.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace skip::tool {

/// Walks memory on several threads at once, so that the caches of each core hold nothing else afterwards.
class Evictor {
public:
  /// `sharedBytes`: of the last-level cache; `ownBytes`: of a core's own.
  Evictor(unsigned threads, int64_t sharedBytes, int64_t ownBytes)
      : shares(threads, std::vector<char>(static_cast<size_t>(sharedBytes / threads + 2 * ownBytes), 1)) {}

  void evict() {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < shares.size(); ++i)
      others.emplace_back([this, i] { walk(shares[i]); });
    walk(shares[0]);
  }

  /// Brings memory back.
  void touch(const void *memory, size_t bytes) {
    unsigned sum = 0;
    for (size_t i = 0; i < bytes; i += 64)
      sum += static_cast<const unsigned char *>(memory)[i];
    sink += sum;
  }

private:
  void walk(const std::vector<char> &bytes) { touch(bytes.data(), bytes.size()); }

  std::vector<std::vector<char>> shares;
  std::atomic<unsigned> sink{0};
};

} // namespace skip::tool

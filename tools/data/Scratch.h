// Aligned memory for the runtime's work on a picture.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

namespace skip::data {

class Scratch {
public:
  explicit Scratch(size_t bytes) : memory(std::aligned_alloc(64, (bytes + 63) / 64 * 64)) {
    if (!memory)
      throw std::bad_alloc();
  }
  void *get() const { return memory.get(); }

private:
  struct Free {
    void operator()(void *pointer) const { std::free(pointer); }
  };
  std::unique_ptr<void, Free> memory;
};

} // namespace skip::data

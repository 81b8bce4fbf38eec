// Memory without operator new: the runtime must link with a plain C compiler.
#pragma once

#include <new>
#include <stddef.h>
#include <stdlib.h>

namespace skip::runtime {

/// `bytes` (rounded up, never 0) aligned to at least 64; null when there is no memory. Released with free().
void *allocateAligned(size_t bytes);

/// A value-initialised T, or null. Released with destroy().
template <typename T> T *create() {
  void *memory = allocateAligned(sizeof(T));
  return memory ? new (memory) T() : nullptr;
}
template <typename T> void destroy(T *object) {
  if (!object)
    return;
  object->~T();
  free(object);
}

/// Owns malloc'ed memory until release().
template <typename T> class Owned {
public:
  explicit Owned(T *pointer = nullptr) : pointer(pointer) {}
  Owned(const Owned &) = delete;
  Owned &operator=(const Owned &) = delete;
  ~Owned() { free(pointer); }
  T *get() const { return pointer; }
  decltype(auto) operator[](size_t i) const { return pointer[i]; } // T &, and no error for Owned<void>
  explicit operator bool() const { return pointer != nullptr; }
  void reset(T *other) {
    free(pointer);
    pointer = other;
  }
  T *release() {
    T *kept = pointer;
    pointer = nullptr;
    return kept;
  }

private:
  T *pointer;
};

} // namespace skip::runtime

// Handles that are told apart for good: one that was destroyed is never given out again, so that its use is noticed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

namespace skip::driver {

template <class Handle, class Object> class Handles {
public:
  /// `kind` tells handles of different kinds apart, so that one passed for another is none.
  explicit Handles(uint8_t kind) : next((uint64_t{0xe0} + kind) << 32) {}

  Handle add(std::unique_ptr<Object> object) {
    next += 64;
    object->handle = reinterpret_cast<Handle>(next);
    Handle handle = object->handle;
    objects.emplace(next, std::move(object));
    return handle;
  }

  Object *find(Handle handle) const {
    auto found = objects.find(reinterpret_cast<uint64_t>(handle));
    return found == objects.end() ? nullptr : found->second.get();
  }

  std::unique_ptr<Object> remove(Handle handle) {
    auto node = objects.extract(reinterpret_cast<uint64_t>(handle));
    return node ? std::move(node.mapped()) : nullptr;
  }

  auto begin() const { return objects.begin(); }
  auto end() const { return objects.end(); }
  size_t size() const { return objects.size(); }

private:
  uint64_t next;
  std::map<uint64_t, std::unique_ptr<Object>> objects;
};

} // namespace skip::driver

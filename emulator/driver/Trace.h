// A call as one line of the trace: cuMemAlloc(0x7ffc4f8 = 0x7f21c0000000, 1024) = CUDA_SUCCESS
//
// Arguments are shown before the call, what it answered through pointers to one handle or number after it.
#pragma once

#include "emulator/driver/Report.h"
#include "runtime/cuda/DriverApi.h"
#include "support/Printable.h"

#include <string>
#include <type_traits>

namespace skip::driver {

/// Pointers through which a call answers one value that is worth showing.
template <class T>
inline constexpr bool isAnswer =
    std::is_same_v<T, int> || std::is_same_v<T, uint64_t> || std::is_same_v<T, cuda::Context> ||
    std::is_same_v<T, cuda::Module> || std::is_same_v<T, cuda::Function> || std::is_same_v<T, cuda::Library> ||
    std::is_same_v<T, cuda::Kernel> || std::is_same_v<T, cuda::Stream> || std::is_same_v<T, cuda::Event> ||
    std::is_same_v<T, cuda::Graph> || std::is_same_v<T, cuda::GraphExec> || std::is_same_v<T, float>;

template <class T> std::string argumentText(T value, bool answered) {
  if constexpr (std::is_same_v<T, const char *>) {
    return value ? "\"" + printable(value) + "\"" : "null";
  } else if constexpr (std::is_pointer_v<T> && std::is_function_v<std::remove_pointer_t<T>>) {
    return hex(reinterpret_cast<uint64_t>(value));
  } else if constexpr (std::is_pointer_v<T>) {
    std::string text = value ? hex(reinterpret_cast<uint64_t>(value)) : "null";
    using Pointee = std::remove_pointer_t<T>;
    if constexpr (isAnswer<Pointee>)
      if (value && answered)
        text += " = " + argumentText(*value, false);
    return text;
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<int>(value));
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return value >> 32 ? hex(value) : std::to_string(value); // an address, or a size
  } else {
    return std::to_string(value);
  }
}

void traceLine(const char *name, const std::string &arguments, cuda::Result result);
bool isTraced();

template <class... Args> void trace(const char *name, cuda::Result result, Args... args) {
  if (!isTraced())
    return;
  std::string text;
  ((text += (text.empty() ? "" : ", ") + argumentText(args, result == cuda::Result::success)), ...);
  traceLine(name, text, result);
}

} // namespace skip::driver

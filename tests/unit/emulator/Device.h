// A small device for tests: a machine with memory, modules from text, launches with arguments.
#pragma once

#include "emulator/Machine.h"
#include "emulator/TensorMap.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

namespace skip::emulator::test {

/// A body of `.entry kernel` with three pointers as parameters (out, in, more) and a number (n), and registers of all kinds.
std::string kernelText(const std::string &body, const std::string &target = "sm_80", const std::string &head = "");

class Device {
public:
  explicit Device(const std::string &architecture = "sm_80", Settings settings = {});

  template <class T> uint64_t put(const std::vector<T> &values) {
    uint64_t address = memory.allocate(std::max<size_t>(1, values.size() * sizeof(T)));
    std::memcpy(reinterpret_cast<void *>(address), values.data(), values.size() * sizeof(T));
    memory.markWritten(address, values.size() * sizeof(T));
    return address;
  }
  uint64_t raw(uint64_t bytes) { return memory.allocate(bytes); }
  template <class T> std::vector<T> get(uint64_t address, size_t count) const {
    std::vector<T> values(count);
    std::memcpy(values.data(), reinterpret_cast<const void *>(address), count * sizeof(T));
    return values;
  }

  /// The module must load.
  const Module &load(const std::string &text);
  Outcome run(Launch launch);
  /// Parameters one after the other, each at its own alignment.
  template <class... Args> static std::vector<std::byte> pack(const Args &...args) {
    std::vector<std::byte> bytes;
    (append(bytes, args), ...);
    return bytes;
  }

  Architecture architecture;
  DeviceMemory memory;
  Settings settings;

private:
  template <class T> static void append(std::vector<std::byte> &bytes, const T &value) {
    size_t at = (bytes.size() + alignof(T) - 1) / alignof(T) * alignof(T);
    bytes.resize(at + sizeof(T));
    std::memcpy(bytes.data() + at, &value, sizeof(T));
  }
  std::vector<std::unique_ptr<Module>> modules;
};

/// Loads the text, which must be refused; the message.
PtxError refusalOfText(const std::string &text, const std::string &architecture = "sm_90a");

std::string describe(const Outcome &outcome);

} // namespace skip::emulator::test

// A freshly started emulator with a context, and short words for what tests do with it.
#pragma once

#include "emulator/driver/Entries.h"
#include "emulator/driver/State.h"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

namespace skip::driver {

/// Kernels that tests launch: `store` writes a word, `scale` makes *p * value + 1 of it.
inline constexpr const char *kPtx = R"(.version 7.0
.target sm_80
.address_size 64

.visible .global .align 4 .b8 table[64];

.visible .entry store(.param .u64 store_param_0, .param .u32 store_param_1)
{
  .reg .b32 %r<3>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [store_param_0];
  ld.param.u32 %r1, [store_param_1];
  cvta.to.global.u64 %rd2, %rd1;
  st.global.u32 [%rd2], %r1;
  ret;
}

.visible .entry scale(.param .u64 scale_param_0, .param .u32 scale_param_1)
{
  .reg .b32 %r<5>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [scale_param_0];
  ld.param.u32 %r1, [scale_param_1];
  cvta.to.global.u64 %rd2, %rd1;
  ld.global.u32 %r2, [%rd2];
  mul.lo.u32 %r3, %r2, %r1;
  add.u32 %r4, %r3, 1;
  st.global.u32 [%rd2], %r4;
  ret;
}

.visible .entry narrow(.param .u64 narrow_param_0, .param .u32 narrow_param_1)
.maxntid 64, 1, 1
{
  ret;
}

.visible .entry fixed(.param .u64 fixed_param_0, .param .u32 fixed_param_1)
.reqntid 96, 1, 1
{
  ret;
}
)";

struct Setup {
  const char *architecture = "sm_80";
  emulator::Completion completion = emulator::Completion::lazy;
  uint64_t seed = 1;
  uint64_t memoryBytes = 64 << 20;
  int devices = 1, driverVersion = 13000;
};

inline Knobs knobsOf(const Setup &setup) {
  Knobs knobs;
  knobs.architecture = *emulator::architectureOf(setup.architecture);
  knobs.settings.completion = setup.completion;
  knobs.settings.seed = setup.seed;
  knobs.memoryBytes = setup.memoryBytes;
  knobs.devices = setup.devices;
  knobs.driverVersion = setup.driverVersion;
  return knobs;
}

/// The exported function of a symbol, as a caller gets it.
template <class Function> Function symbol(std::string_view name) {
  for (const Entry &entry : entries())
    if (name == entry.symbol)
      return reinterpret_cast<Function>(entry.exported);
  FAIL("no symbol " << name);
  return nullptr;
}
#define EXPORTED(name) ::skip::driver::symbol<decltype(&::skip::driver::entry::name)>(#name)

struct Gpu {
  DriverFunctions api;
  Context context = nullptr;
  Library library = nullptr;
  Kernel store = nullptr, scale = nullptr;

  explicit Gpu(const Setup &setup = {}) : Gpu(knobsOf(setup)) {}
  explicit Gpu(Knobs knobs) {
    restart(std::move(knobs));
#define SKIP_CUDA_ENTRY(name, symbolName, since, parameters, arguments) api.name = EXPORTED(symbolName);
#include "runtime/cuda/DriverEntries.def"
    ok(api.cuInit(0));
    ok(api.cuDevicePrimaryCtxRetain(&context, 0));
    ok(api.cuCtxSetCurrent(context));
  }

  static void ok(Result result) { REQUIRE(std::string(nameOf(result)) == "CUDA_SUCCESS"); }

  void load(const char *ptx = kPtx) {
    ok(api.cuLibraryLoadData(&library, ptx, nullptr, nullptr, 0, nullptr, nullptr, 0));
    ok(api.cuLibraryGetKernel(&store, library, "store"));
    ok(api.cuLibraryGetKernel(&scale, library, "scale"));
  }
  Kernel kernel(const char *name) {
    Kernel found = nullptr;
    ok(api.cuLibraryGetKernel(&found, library, name));
    return found;
  }
  DeviceAddress allocate(size_t bytes) {
    DeviceAddress address = 0;
    ok(api.cuMemAlloc(&address, bytes));
    return address;
  }
  Stream stream(unsigned flags = kStreamNonBlocking) {
    Stream made = nullptr;
    ok(api.cuStreamCreateWithPriority(&made, flags, 0));
    return made;
  }
  Event event(unsigned flags = kEventDefault) {
    Event made = nullptr;
    ok(api.cuEventCreate(&made, flags));
    return made;
  }
  Result launch(Kernel kernel, Stream stream, DeviceAddress to, uint32_t value, std::vector<LaunchAttribute> attributes = {},
                unsigned threads = 1) {
    void *params[] = {&to, &value};
    LaunchConfig config{1, 1, 1, threads, 1, 1, 0, stream, attributes.data(), static_cast<unsigned>(attributes.size())};
    return api.cuLaunchKernelEx(&config, reinterpret_cast<Function>(kernel), params, nullptr);
  }
  /// What is there now, without waiting for anything.
  static uint32_t peek(DeviceAddress address) { return *reinterpret_cast<const uint32_t *>(address); }
  uint32_t read(DeviceAddress address) {
    uint32_t value = 0;
    ok(api.cuMemcpyDtoH(&value, address, sizeof value));
    return value;
  }
};

#define CHECK_RESULT(call, expected) CHECK(std::string(::skip::driver::nameOf(call)) == #expected)

} // namespace skip::driver

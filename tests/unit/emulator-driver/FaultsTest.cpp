// What each kind of fault makes of its context. Every kernel is a few instructions around the one that is wrong.
#include "tests/unit/emulator-driver/Gpu.h"

#include <thread>

using namespace skip::driver;

/// A kernel with the address of an allocation of 64 bytes in %rd2, and 64 bytes of shared memory.
static std::string kernelOf(const std::string &body) {
  return R"(.version 8.0
.target sm_90a
.address_size 64
.visible .entry kernel(.param .u64 kernel_param_0)
{
  .reg .pred %p<4>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<8>;
  .shared .align 16 .b8 near[64];
  ld.param.u64 %rd1, [kernel_param_0];
  cvta.to.global.u64 %rd2, %rd1;
  mov.u32 %r1, %tid.x;
)" + body +
         "\n  ret;\n}\n";
}

namespace {
struct Case {
  const char *what, *body;
  Result expected, unchecked; // with checks, and without
  unsigned blocks = 1, threads = 32;
};
} // namespace

static Result run(const Case &c, bool checks) {
  Knobs knobs = knobsOf({.architecture = "sm_90a"});
  knobs.settings.checks = checks;
  knobs.settings.maxWarpInstructions = 20000;
  Gpu gpu(knobs);
  Gpu::ok(gpu.api.cuLibraryLoadData(&gpu.library, kernelOf(c.body).c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  DeviceAddress memory = gpu.allocate(64);
  void *params[] = {&memory};
  LaunchConfig config{c.blocks, 1, 1, c.threads, 1, 1, 0, nullptr, nullptr, 0};
  Gpu::ok(gpu.api.cuLaunchKernelEx(&config, reinterpret_cast<Function>(gpu.kernel("kernel")), params, nullptr));
  return gpu.api.cuCtxSynchronize();
}

TEST_CASE("faults: each is answered as silicon would, or as a failed launch where silicon notices nothing") {
  constexpr Result ok = Result::success, failed = Result::launchFailed;
  const Case cases[] = {
      {"nothing wrong", "st.global.u32 [%rd2], 1;", ok, ok, 1, 1},
      {"out of bounds", "st.global.u32 [%rd2+64], 1;", Result::illegalAddress, Result::illegalAddress},
      {"address 0", "mov.u64 %rd3, 0; ld.global.u32 %r2, [%rd3];", Result::illegalAddress, Result::illegalAddress},
      {"misaligned", "st.global.u32 [%rd2+2], 1;", Result::misalignedAddress, Result::misalignedAddress},
      {"trap", "trap;", failed, failed},
      {"no end", "$loop:\n  bra $loop;", Result::launchTimeout, Result::launchTimeout},
      {"never written", "ld.global.u32 %r2, [%rd2];", failed, ok},
      {"shared memory never written", "mov.u32 %r2, near; ld.shared.u32 %r3, [%r2];", failed, ok},
      {"a race of blocks", "st.global.u32 [%rd2], %r1;", failed, ok, 2, 1},
      {"a race of warps", "mov.u32 %r2, near; st.shared.u32 [%r2], %r1;", failed, ok, 1, 64},
      {"a barrier of more than there are", "bar.sync 1, 64;", Result::launchTimeout, Result::launchTimeout},
      {"an mbarrier that was not initialised", "mov.u32 %r2, near; mbarrier.arrive.shared.b64 %rd3, [%r2];",
       Result::illegalInstruction, Result::illegalInstruction},
  };
  for (const Case &c : cases) {
    INFO(c.what);
    CHECK(std::string(nameOf(run(c, true))) == nameOf(c.expected));
    CHECK(std::string(nameOf(run(c, false))) == nameOf(c.unchecked));
  }
}

TEST_CASE("faults: copies carry what was written, and what was not") {
  struct Copied {
    const char *what;
    bool written, within;
  };
  for (Copied c : {Copied{"from the host", true, false},
                   {"of what was written", true, true},
                   {"of what was never written", false, true}}) {
    INFO(c.what);
    Gpu gpu;
    gpu.load();
    DeviceAddress from = gpu.allocate(4), to = gpu.allocate(4);
    uint32_t value = 3;
    if (c.written)
      Gpu::ok(gpu.api.cuMemcpyHtoD(c.within ? from : to, &value, 4));
    if (c.within)
      Gpu::ok(gpu.api.cuMemcpyDtoD(to, from, 4));
    Gpu::ok(gpu.launch(gpu.scale, nullptr, to, 2));
    CHECK(gpu.api.cuCtxSynchronize() == (c.written ? Result::success : Result::launchFailed));
  }
}

TEST_CASE("threads: four of them share a context") {
  for (auto completion : {skip::emulator::Completion::lazy, skip::emulator::Completion::mixed}) {
    Gpu gpu(Setup{.completion = completion});
    gpu.load();
    uint32_t results[4] = {};
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        const DriverFunctions &api = gpu.api;
        Stream stream = nullptr;
        DeviceAddress word = 0;
        api.cuCtxPushCurrent(gpu.context);
        api.cuStreamCreateWithPriority(&stream, kStreamNonBlocking, 0);
        for (int round = 0; round < 20; ++round) {
          api.cuMemAlloc(&word, 4);
          api.cuMemsetD32Async(word, i, 1, stream);
          for (int step = 0; step < 3; ++step)
            gpu.launch(gpu.scale, stream, word, 2);
          api.cuMemcpyDtoHAsync(&results[i], word, 4, stream);
          api.cuMemFree(word);
        }
        api.cuStreamDestroy(stream);
      });
    for (std::thread &thread : threads)
      thread.join();
    for (uint32_t i = 0; i < 4; ++i)
      CHECK(results[i] == 8 * i + 7);
    CHECK_RESULT(gpu.api.cuCtxSynchronize(), CUDA_SUCCESS);
  }
}

// How fast the emulator runs: warp instructions a second, with all checks and without any.
//
//   skip-emulator-bench tests/unit/emulator/data/nvcc80.ptx
//
// `loop`: three multiply-adds, a load and a store a turn. `sgemm`: 512x512x512 in f32, as nvcc compiled it.
#include "emulator/Machine.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

using namespace skip::emulator;

static const char *kLoop = R"(.version 7.0
.target sm_80
.address_size 64
.visible .entry loop(.param .u64 p, .param .u32 n) {
  .reg .pred %p<3>; .reg .b32 %r<8>; .reg .f32 %f<8>; .reg .b64 %d<5>;
  ld.param.u64 %d1, [p]; ld.param.u32 %r1, [n];
  mov.u32 %r2, %tid.x; mov.u32 %r3, %ctaid.x; mad.lo.u32 %r2, %r3, 256, %r2; mad.wide.u32 %d1, %r2, 4, %d1; mov.f32 %f1, 0f3F800000;
L: ld.global.f32 %f2, [%d1]; fma.rn.f32 %f3, %f1, %f2, %f1; fma.rn.f32 %f4, %f3, %f2, %f1; fma.rn.f32 %f5, %f4, %f2, %f3;
  st.global.f32 [%d1], %f5; sub.u32 %r1, %r1, 1; setp.ne.u32 %p1, %r1, 0; @%p1 bra L;
  ret;
})";

static std::unique_ptr<Module> load(const std::string &text, const Architecture &architecture, DeviceMemory &memory) {
  auto loaded = Module::load(text, architecture, memory);
  if (const PtxError *error = std::get_if<PtxError>(&loaded)) {
    std::fprintf(stderr, "line %d: %s\n", error->line, error->text.c_str());
    std::exit(1);
  }
  return std::move(std::get<std::unique_ptr<Module>>(loaded));
}

static uint64_t zeros(DeviceMemory &memory, size_t bytes) {
  uint64_t address = memory.allocate(bytes);
  std::memset(reinterpret_cast<void *>(address), 0, bytes);
  memory.markWritten(address, bytes);
  return address;
}

static void measure(const char *name, const Launch &launch, const Architecture &architecture, DeviceMemory &memory) {
  for (bool checks : {false, true}) {
    Settings settings;
    settings.checks = checks;
    settings.completion = checks ? Completion::mixed : Completion::eager;
    auto start = std::chrono::steady_clock::now();
    Outcome outcome = Machine(architecture, memory, settings).run({&launch, 1});
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (outcome.fault)
      std::fprintf(stderr, "%s\n", outcome.fault->text.c_str());
    double millions = static_cast<double>(outcome.counters[0].warpInstructions) / 1e6;
    std::printf("%-6s %-14s %6.2f M warp instructions in %5.2f s: %6.2f M/s\n", name, checks ? "all checks" : "without checks",
                millions, seconds, millions / seconds);
  }
}

int main(int argc, char **argv) {
  Architecture architecture = *architectureOf("sm_80");
  DeviceMemory memory(uint64_t(1) << 30);
  std::unique_ptr<Module> loop = load(kLoop, architecture, memory);
  Launch launch;
  launch.module = loop.get();
  launch.grid = {8, 1, 1};
  launch.block = {256, 1, 1};
  launch.params.resize(12);
  uint64_t buffer = zeros(memory, 8 * 256 * 4);
  int turns = 20'000;
  std::memcpy(launch.params.data(), &buffer, 8);
  std::memcpy(launch.params.data() + 8, &turns, 4);
  measure("loop", launch, architecture, memory);
  if (argc < 2)
    return 0;

  std::ifstream file(argv[1]);
  std::stringstream text;
  text << file.rdbuf();
  std::unique_ptr<Module> compiled = load(text.str(), architecture, memory);
  launch.module = compiled.get();
  while (launch.kernel < compiled->kernels().size() && compiled->kernels()[launch.kernel].name != "sgemm")
    ++launch.kernel;
  if (launch.kernel == compiled->kernels().size())
    return 1;
  const int side = 512;
  launch.grid = {side / 128, side / 128, 1};
  struct {
    int m = side, n = side, k = side;
    uint64_t a, b, c;
  } params;
  for (uint64_t *matrix : {&params.a, &params.b, &params.c})
    *matrix = zeros(memory, size_t(side) * side * 4);
  launch.params.resize(sizeof params);
  std::memcpy(launch.params.data(), &params, sizeof params);
  measure("sgemm", launch, architecture, memory);
}

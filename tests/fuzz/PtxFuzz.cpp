// The reader of PTX on any bytes: it ends with a line and a text, or with a module whose kernels fit each other. Kernels that
// need little are run too, for a short while: whatever a program does must end as a result or as a fault.
#include "emulator/Machine.h"
#include "tests/fuzz/Require.h"

#include <cstring>

using namespace skip::emulator;
using skip::fuzz::require;

static void runShortly(const Module &module, size_t kernel, const Architecture &architecture, DeviceMemory &memory) {
  const KernelInfo &info = module.kernels()[kernel];
  Launch launch;
  launch.module = &module;
  launch.kernel = kernel;
  launch.block = info.requiredBlock ? *info.requiredBlock : Dim3{33, 1, 1};
  launch.grid = {8, 1, 1};
  launch.params.resize(info.paramBytes);
  uint64_t buffer = memory.allocate(4096);
  for (size_t at = 0; at + 8 <= launch.params.size(); at += 8)
    std::memcpy(launch.params.data() + at, &buffer, 8);
  Settings settings;
  settings.maxWarpInstructions = 20'000;
  Outcome outcome = Machine(architecture, memory, settings).run({&launch, 1});
  require(!outcome.fault || !outcome.fault->text.empty(), "a fault has a text");
  memory.release(buffer);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Architecture architecture = *architectureOf("sm_90a");
  DeviceMemory memory(uint64_t(1) << 24);
  auto loaded = Module::load({reinterpret_cast<const char *>(data), size}, architecture, memory);
  if (const PtxError *error = std::get_if<PtxError>(&loaded)) {
    require(error->line >= 1 && !error->text.empty(), "an error has a line and a text");
    return 0;
  }
  const Module &module = *std::get<std::unique_ptr<Module>>(loaded);
  for (size_t i = 0; i < module.kernels().size(); ++i) {
    const KernelInfo &info = module.kernels()[i];
    for (const KernelInfo::Param &param : info.params)
      require(param.offset + param.bytes <= info.paramBytes && param.offset % param.alignment == 0,
              "parameters lie in their block");
    if (info.localBytes <= 4096 && i < 4)
      runShortly(module, i, architecture, memory);
  }
  return 0;
}

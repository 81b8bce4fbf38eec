// The reader of kept kernels on any bytes: what it takes is what would be written.
#include "codegen/kernel/KernelCache.h"
#include "tests/fuzz/Reading.h"
#include "tests/fuzz/Require.h"

using namespace skip::codegen;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes = skip::fuzz::textOf(data, size);
  if (std::optional<CompiledKernel> kernel = readKept("key", bytes))
    skip::fuzz::require(keptBytes("key", *kernel) == bytes, "a kernel that was read is written the same");
  return 0;
}

// A line a target.
#include "codegen/TargetTable.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;
using codegen::TargetEntry;

static constexpr TargetEntry table[] = {
    {SKIP_TARGET_X86, "x86", "x86_64-linux", "skipX86Backend"},
    {SKIP_TARGET_CUDA, "cuda", "cuda", "skipCudaBackend"},
};

llvm::ArrayRef<TargetEntry> codegen::targetTable() { return table; }

const TargetEntry &codegen::entryOf(SkipTarget target) {
  const TargetEntry *found = llvm::find_if(table, [&](const TargetEntry &entry) { return entry.target == target; });
  assert(found != std::end(table) && "no such target");
  return *found;
}

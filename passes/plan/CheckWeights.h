// What a finished plan says of the weights segment.
#pragma once

#include "ir/plan/Plan.h"

#include <map>

namespace skip::plan {

/// Whether a slot lies within a segment of so many bytes.
bool liesWithin(SlotAttr slot, int64_t bytes);

/// Bytes that an entry writes, by the index functions that PlanAttrs.td documents.
int64_t entryBytes(LoadOp load);

/// Whether every entry of the load table lies within the segment, and no two share bytes unless they say the same: rule
/// check-10 of `plan-check`.
class CheckWeights {
public:
  CheckWeights(int64_t bytes, int64_t alignment) : bytes(bytes), alignment(alignment) {}
  /// The next entry, of any variant.
  mlir::LogicalResult add(LoadOp load, mlir::SymbolTableCollection &symbols);

private:
  int64_t bytes, alignment;
  std::map<int64_t, LoadOp> entries; // by offset, those that add onto no other
};

/// Whether a kernel's parameters are read where and as they are written. `symbols` are those of the kernel's module, shared by
/// its kernels: without them each look-up goes over all parameters.
mlir::LogicalResult checkParameters(KernelOp kernel, TargetInterface target, mlir::SymbolTableCollection &symbols);

} // namespace skip::plan

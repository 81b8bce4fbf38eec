// A table of an image on its way into an object.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/MC/MCExpr.h"

namespace skip::codegen {

/// Structs, and what is to stand in place of their pointer fields, in the order in which these lie.
template <typename Item> struct Table {
  Table(const Item *items, size_t count) : bytes(reinterpret_cast<const char *>(items), count * sizeof(Item)) {}

  /// The pointer at byte `field` of item `index` points at `target`; null leaves it as it is, which must be null.
  void point(size_t index, size_t field, const llvm::MCExpr *target) {
    if (target)
      pointers.push_back({index * sizeof(Item) + field, target});
  }

  llvm::StringRef bytes;
  llvm::SmallVector<std::pair<size_t, const llvm::MCExpr *>> pointers;
};

} // namespace skip::codegen

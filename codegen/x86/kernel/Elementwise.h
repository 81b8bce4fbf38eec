// A chain of elementwise operations over one blocked tensor; an empty chain copies (and so changes the halo).
//
// Operands: the main input, the chain's operands in order (see EpilogueOp), the result. The result may be the buffer of the
// main or of an added operand with the same strides. Domain: (images, channel blocks, rows), split (1, 1, 1).
#pragma once

#include "codegen/kernel/Epilogue.h"

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

struct ElementwiseSpec {
  Epilogue chain;

  bool operator==(const ElementwiseSpec &) const = default;
};

struct ElementwiseParam {
  enum : unsigned {
    images,
    blocks,
    rows, // the domain
    columns,
    outImage,
    outBlock,
    outRow,  // strides in elements
    outHalo, // zeros to write around each picture
    inImage,
    inBlock,
    inRow,
    count
  };
};

/// Strides of the chain's `add`-th tensor operand: which is 0 image, 1 block, 2 row.
constexpr unsigned elementwiseAddParam(unsigned add, unsigned which) { return ElementwiseParam::count + add * 3 + which; }

void emitElementwise(mlir::ModuleOp module, llvm::StringRef name, const ElementwiseSpec &spec);

} // namespace skip::kernel

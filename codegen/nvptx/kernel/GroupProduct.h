// Products of warp groups, and what they wait for. No product is made when its instruction is: until it is waited for, neither
// its sums nor the registers that it reads may be touched.
#pragma once

#include "codegen/nvptx/kernel/Builder.h"
#include "ir/plan/cuda/WgmmaSchedule.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace skip::nvptx {

/// Rows of a product, and bytes of each that it multiplies.
inline constexpr int64_t kGroupRows = plan::WgmmaTile::groupRows, kStepBytes = 32;

/// What no operation says as it is needed.
mlir::LLVM::InlineAsmOp assembly(Builder &b, mlir::Type result, llvm::StringRef text, llvm::StringRef constraints,
                                 ValueRange values);

/// Values of one type, kept in `registers` (an assembler's constraint), as they come out of an instruction that leaves them as
/// they are: what makes them comes in front of it, and what takes the result behind.
Values passed(Builder &b, llvm::StringRef text, const std::string &registers, ValueRange values);

/// The sums, a struct of n / 2 f32, with a product of 64 rows by n columns. Both are in shared memory, as descriptors say.
Value groupProduct(Builder &b, Value sums, Value rows, Value columns, int64_t n, plan::Element element);

/// The same of tf32, whose rows are four words of each thread.
Value groupProduct(Builder &b, Value sums, ValueRange rows, Value columns, int64_t n);

} // namespace skip::nvptx

// The small vocabulary in which CUDA's kernels are written: a function of the kernel ABI, addresses, vectors, loops.
#pragma once

#include "ir/plan/Plan.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace skip::nvptx {

using mlir::Value;
using mlir::ValueRange;
using Values = llvm::SmallVector<Value>;

/// Floats of 16 bytes, which a thread moves at a time.
inline constexpr int64_t kVector = 4;
inline constexpr int64_t kWarp = 32;

/// How a kernel is launched, besides its grid.
struct Launch {
  int64_t threads = 256;    // a block, along x
  int64_t minBlocks = 0;    // that registers are to be shared by on a multiprocessor; 0: as the assembler likes
  unsigned operands = 0;    // of the step, results included
  unsigned maps = 0;        // tensor maps, behind the operands
  int64_t cluster = 1;      // blocks along x that share their shared memory
  bool startsEarly = false; // of sm_90: while the kernel in front still runs, for whose end it waits
};

/// Where numbers lie, and what they are stored as.
struct Array {
  Value pointer;
  plan::Element element = plan::Element::f32;
};

/// Appends to the body of one kernel (SkipCudaForm in runtime/Abi.h). Integers are i32 and not negative, floats f32 whatever
/// they are stored as; offsets count elements, without an array floats, from pointers that are 64 bits wide.
class Builder {
public:
  /// Creates the kernel `name` at the end of `module` and points into its body.
  Builder(mlir::ModuleOp module, llvm::StringRef name, const Launch &launch);

  /// Ends the kernel.
  void finish();

  /// Operand `index`. One that is indirect is the address of an input's or output's address, of which `imageFloats` lie between
  /// one image and the next; the turn's first image is gone to.
  Value operand(unsigned index, bool isIndirect, int64_t imageFloats);
  /// The address of tensor map `index`.
  Value map(unsigned index);
  /// The images of this turn that exist; 0 where there are none.
  Value images();

  Value thread();             // of the block
  Value block(unsigned axis); // of the grid, axis 0, 1 or 2
  void barrier();             // of the block's threads
  /// Of `floats` floats, 16-byte aligned; once a kernel.
  Value shared(int64_t floats);
  /// What the launch gives of it (SkipCudaForm::sharedBytes), at a multiple of `alignment`; once a kernel.
  Value dynamicShared(unsigned alignment);
  /// What each lane of a warp gets: `combine` of all lanes' values, in the same order for all.
  Value acrossWarp(Value value, llvm::function_ref<Value(Value, Value)> combine);

  Value constant(int64_t value);
  Value floatConstant(float value);
  Value add(Value a, Value b);
  Value add(Value a, int64_t b) { return b == 0 ? a : add(a, constant(b)); }
  Value sub(Value a, Value b);
  Value mul(Value a, int64_t factor);
  Value divide(Value a, int64_t divisor); // unsigned
  Value modulo(Value a, int64_t divisor); // unsigned
  Value min(Value a, Value b);            // signed
  Value less(Value a, Value b);           // signed, i1
  Value below(Value a, int64_t bound);    // unsigned, i1: also false where a is negative
  Value both(Value a, Value b);           // i1; null is true
  Value select(Value condition, Value a, Value b);

  Value load(Value pointer, Value offset, int64_t more = 0); // one float
  Values load4(Value pointer, Value offset, int64_t more = 0);
  void store(Value value, Value pointer, Value offset, int64_t more = 0);
  /// As one vector of 2 or 4.
  void storeFloats(ValueRange values, Value pointer, Value offset, int64_t more = 0);

  Value load(const Array &from, Value offset);
  void store(Value value, const Array &to, Value offset);
  /// `count` neighbours, whole multiples of 16 bytes, at a multiple of 16 bytes.
  Values loadVector(const Array &from, Value offset, int64_t count);
  void storeVector(ValueRange values, const Array &to, Value offset);
  /// Of element `offset`, to be read or copied by whoever knows what it is.
  Value addressOf(const Array &array, Value offset);

  Value plus(Value a, Value b);
  Value minus(Value a, Value b);
  Value times(Value a, Value b);
  Value quotient(Value a, Value b);
  Value fma(Value a, Value b, Value c);                        // a * b + c
  Value squareRoot(Value x);                                   // rounded to nearest
  Value maximum(Value a, Value b);                             // a > b ? a : b
  Value maximumOrNan(Value a, Value b);                        // NaN if either is
  Value atMost(Value a, Value b);                              // a <= b, i1; not so where either is NaN
  Value relu(Value x) { return maximum(floatConstant(0), x); } // NaN stays NaN

  /// for (i = from; i < to; i += step), carrying `initial`; `body` returns the next carried values.
  Values loop(Value from, Value to, int64_t step, ValueRange initial,
              llvm::function_ref<Values(Value index, ValueRange carried)> body);
  void when(Value condition, llvm::function_ref<void()> then); // null is true
  void choose(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);

  mlir::ImplicitLocOpBuilder op; // for anything else

private:
  Value address(Value pointer, Value offset, int64_t more);
  Value hoisted(llvm::function_ref<Value()> make);

  std::string name;
  unsigned operands; // of the launch
  mlir::LLVM::LLVMFuncOp function;
  mlir::Operation *lastHoisted = nullptr;
  llvm::DenseMap<int64_t, Value> constants;
  Value threadIndex, blockIndex[3], imageCount;
};

} // namespace skip::nvptx

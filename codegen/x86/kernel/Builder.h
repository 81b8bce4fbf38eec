// The small vocabulary in which the kernel emitters are written: a function of the kernel ABI, addresses, vectors of 16, loops.
#pragma once

#include "codegen/kernel/Epilogue.h"
#include "codegen/x86/kernel/Lanes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <array>

namespace skip::kernel {

using mlir::Value;
using mlir::ValueRange;
using Values = llvm::SmallVector<Value>;

/// The LLVM attribute of functions whose order of operations the code generator keeps.
inline constexpr llvm::StringLiteral keepOrderAttr = "skip-keep-order";

/// One tensor operand inside a kernel: a pointer and the strides of its axes, in elements. A null stride is not used; a null
/// `pixel` stands for the constant kLanes.
struct View {
  Value pointer, image, block, row, pixel;
};

/// Appends to the body of one kernel function. Integers are i64, vectors 16 x f32, pointers opaque; offsets count elements.
class Builder {
public:
  /// Creates the function `name` of type SkipKernelFn at the end of `module` and points into its body.
  Builder(mlir::ModuleOp module, llvm::StringRef name);

  /// Asks the code generator to keep the order in which operations are appended, since it is chosen to fit the registers.
  void keepOrder();

  /// Ends the function.
  void finish();

  Value operand(unsigned index); // the pointer; loaded once, at the function's entry, like the parameters
  Value param(unsigned index);
  Value begin() { return function.getArgument(2); }
  Value end() { return function.getArgument(3); }

  Value constant(int64_t value);
  Value add(Value a, Value b);
  Value sub(Value a, Value b);
  Value mul(Value a, Value b);
  Value mul(Value a, int64_t factor) { return factor == 1 ? a : mul(a, constant(factor)); }
  Value ceilDiv(Value a, int64_t divisor); // a >= 0, unsigned
  Value divide(Value a, Value b);          // unsigned
  Value modulo(Value a, Value b);          // unsigned
  Value min(Value a, Value b);             // signed
  Value max(Value a, Value b);             // signed
  Value less(Value a, Value b);            // signed, i1
  Value equal(Value a, Value b);           // i1

  Value at(Value pointer, Value offset); // pointer + offset elements
  Value at(Value pointer, int64_t offset);
  Value load(Value pointer, int64_t offset = 0);       // 16 floats
  Value loadScalar(Value pointer, int64_t offset = 0); // one float
  void store(Value value, Value pointer, int64_t offset = 0);
  void prefetch(Value pointer); // the cache line there is wanted soon
  void fence();                 // no load or store moves across; costs no instruction
  Value splat(Value scalar);
  Value splat(float value);
  Value fma(Value a, Value b, Value c);                   // a * b + c
  Value maximum(Value a, Value b);                        // a > b ? a : b
  Value maximumOrNan(Value a, Value b);                   // NaN if either is; of two zeros any
  Value relu(Value x) { return maximum(splat(0.0f), x); } // NaN stays NaN

  /// for (i = from; i < to; i += step), carrying `initial`; `body` returns the next carried values.
  Values loop(Value from, Value to, int64_t step, ValueRange initial,
              llvm::function_ref<Values(Value index, ValueRange carried)> body);
  void loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value index)> body);
  void when(Value condition, llvm::function_ref<void()> then);
  Values when(Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise);

  /// Runs `body` for each unit of [begin, end): its first coordinate along each axis of the domain params[0..2].
  void forEachUnit(std::array<int64_t, 3> split, llvm::function_ref<void(std::array<Value, 3> position)> body);

  mlir::ImplicitLocOpBuilder op; // for anything else

private:
  Value hoisted(llvm::function_ref<Value()> make);

  mlir::LLVM::LLVMFuncOp function;
  mlir::Operation *lastHoisted = nullptr;
  llvm::DenseMap<int64_t, Value> constants;
  llvm::DenseMap<unsigned, Value> operands, params;
};

/// Where the zeros around one plane go (one image, one block or channel). `pixel` is 16 (blocked) or 1 (planar) elements.
struct HaloTarget {
  Value plane; // the plane's interior origin
  Value rowStride, rows, columns, halo;
  int64_t pixel = kLanes;
};

/// Writes the zeros that border row `row`, and the rows above the first and below the last: called for each row once, it writes
/// the whole halo.
void writeHalo(Builder &b, const HaloTarget &target, Value row);

/// The operands and parameters that a chain of epilogue operations consumes, one entry each in chain order.
struct EpilogueSources {
  llvm::SmallVector<View, 2> tensors; // positioned at the first vector's image, block, row and pixel; `pixel` 0: of images
  Values vectors;                     // pointers at the first block's 16 channels
  Values lanes;                       // each block's mask of channels that exist; empty where all do
};

/// Whether all pixels share a tensor's one number for each image and channel, in a kernel whose pixels are not images.
inline bool isOfImages(const View &view) { return static_cast<bool>(view.pixel); }

/// The sources of `chain`, whose operands are those of the kernel from `next` on; `next` is moved behind them. `viewOf` says
/// how the chain's `which`-th tensor lies behind its pointer.
EpilogueSources loadSources(Builder &b, const Epilogue &chain, unsigned &next,
                            llvm::function_ref<View(Value pointer, unsigned which)> viewOf);

/// A place in a register tile, counted from the tile's first vector.
struct TilePosition {
  int64_t block = 0, row = 0, pixel = 0;
};

/// The pointer `position` away from `view`'s.
Value at(Builder &b, const View &view, TilePosition position);

/// The result of the chain for the vector `value`, which lies `position` away from where the sources stand; zero in channels
/// that do not exist, where an infinity times the zeros that stand for weights has made NaN.
Value applyEpilogue(Builder &b, const Epilogue &chain, const EpilogueSources &sources, Value value, TilePosition position);

} // namespace skip::kernel

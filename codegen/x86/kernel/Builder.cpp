// The vocabulary of the emitters, in terms of arith, scf, vector and llvm operations.
#include "codegen/x86/kernel/Builder.h"
#include "codegen/x86/kernel/Activations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace skip::kernel {

/// Every tensor is float32 and aligned as such: the caller's arrays may start anywhere.
static constexpr unsigned kAlignment = 4;

static Type pointerType(OpBuilder &op) { return LLVM::LLVMPointerType::get(op.getContext()); }
static VectorType lanesType(OpBuilder &op) { return VectorType::get({kLanes}, op.getF32Type()); }

/// A vector that LLVM must spill is slow, and slower still where it straddles a cache line: the frame is aligned to 64 bytes.
static ArrayAttr frameAttributes(OpBuilder &op) {
  return op.getArrayAttr(
      {op.getStrArrayAttr({"alignstack", "64"}), op.getStringAttr("stackrealign"), op.getStringAttr("nounwind")});
}

Builder::Builder(ModuleOp module, StringRef name) : op(module.getLoc(), OpBuilder::atBlockEnd(module.getBody())) {
  Type pointer = pointerType(op), integer = op.getI64Type();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(op.getContext()), {pointer, pointer, integer, integer});
  function = LLVM::LLVMFuncOp::create(op, name, type);
  function.setPassthroughAttr(frameAttributes(op));
  op.setInsertionPointToStart(function.addEntryBlock(op));
}

void Builder::keepOrder() {
  llvm::SmallVector<Attribute> attributes(function.getPassthroughAttr().getValue());
  attributes.push_back(op.getStringAttr(keepOrderAttr));
  function.setPassthroughAttr(op.getArrayAttr(attributes));
}

void Builder::finish() { LLVM::ReturnOp::create(op, ValueRange()); }

/// Makes a value at the function's entry, behind the earlier ones, so that it dominates every use.
Value Builder::hoisted(llvm::function_ref<Value()> make) {
  OpBuilder::InsertionGuard guard(op);
  if (lastHoisted)
    op.setInsertionPointAfter(lastHoisted);
  else
    op.setInsertionPointToStart(&function.front());
  Value value = make();
  lastHoisted = value.getDefiningOp();
  return value;
}

/// Element `index` of a table that nothing writes while the kernel runs.
static Value loadEntry(ImplicitLocOpBuilder &op, Value table, Type type, unsigned index) {
  Value address = LLVM::GEPOp::create(op, pointerType(op), type, table, ArrayRef<LLVM::GEPArg>{int32_t(index)});
  return LLVM::LoadOp::create(op, type, address, /*alignment=*/8, /*isVolatile=*/false, /*isNonTemporal=*/false,
                              /*isInvariant=*/true);
}

Value Builder::operand(unsigned index) {
  Value &value = operands[index];
  if (!value)
    value = hoisted([&] { return loadEntry(op, function.getArgument(0), pointerType(op), index); });
  return value;
}

Value Builder::param(unsigned index) {
  Value &value = params[index];
  if (!value)
    value = hoisted([&] { return loadEntry(op, function.getArgument(1), op.getI64Type(), index); });
  return value;
}

Value Builder::constant(int64_t value) {
  Value &known = constants[value];
  if (!known)
    known = hoisted([&]() -> Value { return arith::ConstantIntOp::create(op, value, 64); });
  return known;
}

Value Builder::add(Value a, Value b) { return arith::AddIOp::create(op, a, b); }
Value Builder::sub(Value a, Value b) { return arith::SubIOp::create(op, a, b); }
Value Builder::mul(Value a, Value b) { return arith::MulIOp::create(op, a, b); }
Value Builder::divide(Value a, Value b) { return arith::DivUIOp::create(op, a, b); }
Value Builder::modulo(Value a, Value b) { return arith::RemUIOp::create(op, a, b); }
Value Builder::min(Value a, Value b) { return arith::MinSIOp::create(op, a, b); }
Value Builder::max(Value a, Value b) { return arith::MaxSIOp::create(op, a, b); }
Value Builder::less(Value a, Value b) { return arith::CmpIOp::create(op, arith::CmpIPredicate::slt, a, b); }
Value Builder::equal(Value a, Value b) { return arith::CmpIOp::create(op, arith::CmpIPredicate::eq, a, b); }

Value Builder::ceilDiv(Value a, int64_t divisor) {
  return divisor == 1 ? a : divide(add(a, constant(divisor - 1)), constant(divisor));
}

Value Builder::at(Value pointer, Value offset) {
  return LLVM::GEPOp::create(op, pointerType(op), op.getF32Type(), pointer, ArrayRef<LLVM::GEPArg>{offset});
}

Value Builder::at(Value pointer, int64_t offset) {
  if (offset == 0)
    return pointer;
  if (!llvm::isInt<31>(offset))
    return at(pointer, constant(offset));
  return LLVM::GEPOp::create(op, pointerType(op), op.getF32Type(), pointer, ArrayRef<LLVM::GEPArg>{int32_t(offset)});
}

Value Builder::load(Value pointer, int64_t offset) {
  return LLVM::LoadOp::create(op, lanesType(op), at(pointer, offset), kAlignment);
}

Value Builder::loadScalar(Value pointer, int64_t offset) {
  return LLVM::LoadOp::create(op, op.getF32Type(), at(pointer, offset), kAlignment);
}

void Builder::store(Value value, Value pointer, int64_t offset) {
  LLVM::StoreOp::create(op, value, at(pointer, offset), kAlignment);
}

void Builder::prefetch(Value pointer) {
  LLVM::Prefetch::create(op, pointer, /*rw=*/0, /*hint=*/2, /*cache=*/1); // a read, into the second-level cache
}

void Builder::fence() { LLVM::FenceOp::create(op, LLVM::AtomicOrdering::acq_rel, "singlethread"); }

Value Builder::splat(Value scalar) { return vector::BroadcastOp::create(op, lanesType(op), scalar); }

Value Builder::splat(float value) {
  return arith::ConstantOp::create(op, DenseElementsAttr::get(lanesType(op), llvm::ArrayRef<float>(value)));
}

Value Builder::fma(Value a, Value b, Value c) { return LLVM::FMAOp::create(op, a, b, c); }

Value Builder::maximum(Value a, Value b) {
  Value greater = arith::CmpFOp::create(op, arith::CmpFPredicate::OGT, a, b);
  return arith::SelectOp::create(op, greater, a, b);
}

Value Builder::maximumOrNan(Value a, Value b) { return arith::MaximumFOp::create(op, a, b, arith::FastMathFlags::nsz); }

Values Builder::loop(Value from, Value to, int64_t step, ValueRange initial,
                     llvm::function_ref<Values(Value index, ValueRange carried)> body) {
  auto build = [&](OpBuilder &, Location, Value index, ValueRange carried) {
    Values next = body(index, carried);
    scf::YieldOp::create(op, next);
  };
  return scf::ForOp::create(op, from, to, constant(step), initial,
                            [&](OpBuilder &inner, Location loc, Value index, ValueRange carried) {
                              OpBuilder::InsertionGuard guard(op);
                              op.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
                              build(inner, loc, index, carried);
                            })
      .getResults();
}

void Builder::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value index)> body) {
  loop(from, to, step, {}, [&](Value index, ValueRange) {
    body(index);
    return Values();
  });
}

void Builder::when(Value condition, llvm::function_ref<void()> then) {
  auto choice = scf::IfOp::create(op, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(op);
  op.setInsertionPointToStart(choice.thenBlock());
  then();
}

Values Builder::when(Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise) {
  auto inside = [&](llvm::function_ref<Values()> branch) {
    return [this, branch](OpBuilder &inner, Location) {
      OpBuilder::InsertionGuard guard(op);
      op.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
      scf::YieldOp::create(op, branch());
    };
  };
  return scf::IfOp::create(op, condition, inside(then), inside(otherwise)).getResults();
}

void Builder::forEachUnit(std::array<int64_t, 3> split, llvm::function_ref<void(std::array<Value, 3> position)> body) {
  Value units1 = ceilDiv(param(1), split[1]), units2 = ceilDiv(param(2), split[2]);
  loop(begin(), end(), 1, [&](Value unit) {
    Value outer = divide(unit, units2);
    body({mul(divide(outer, units1), split[0]), mul(modulo(outer, units1), split[1]), mul(modulo(unit, units2), split[2])});
  });
}

/// Zeros to `count` pixels from `start` on.
static void zeroPixels(Builder &b, Value start, Value count, int64_t pixel) {
  Value zero = pixel == kLanes ? b.splat(0.0f) : Value(arith::ConstantOp::create(b.op, b.op.getF32FloatAttr(0.0f)));
  b.loop(b.constant(0), count, 1, [&](Value i) { b.store(zero, b.at(start, b.mul(i, pixel))); });
}

void writeHalo(Builder &b, const HaloTarget &target, Value row) {
  Value zero = b.constant(0), width = b.add(target.columns, b.mul(target.halo, 2));
  Value left = b.sub(zero, b.mul(target.halo, target.pixel));
  auto fullRow = [&](Value y) {
    zeroPixels(b, b.at(target.plane, b.add(b.mul(y, target.rowStride), left)), width, target.pixel);
  };
  b.when(b.less(zero, target.halo), [&] {
    Value start = b.at(target.plane, b.mul(row, target.rowStride));
    zeroPixels(b, b.at(start, left), target.halo, target.pixel);
    zeroPixels(b, b.at(start, b.mul(target.columns, target.pixel)), target.halo, target.pixel);
    b.when(b.equal(row, zero), [&] { b.loop(b.sub(zero, target.halo), zero, 1, fullRow); });
    b.when(b.equal(b.add(row, b.constant(1)), target.rows),
           [&] { b.loop(target.rows, b.add(target.rows, target.halo), 1, fullRow); });
  });
}

Value at(Builder &b, const View &view, TilePosition position) {
  Value pointer = view.pointer;
  if (position.block)
    pointer = b.at(pointer, b.mul(view.block, position.block));
  if (position.row)
    pointer = b.at(pointer, b.mul(view.row, position.row));
  if (position.pixel)
    pointer = view.pixel ? b.at(pointer, b.mul(view.pixel, position.pixel)) : b.at(pointer, position.pixel * kLanes);
  return pointer;
}

EpilogueSources loadSources(Builder &b, const Epilogue &chain, unsigned &next,
                            llvm::function_ref<View(Value pointer, unsigned which)> viewOf) {
  EpilogueSources sources;
  for (EpilogueOp op : chain) {
    for (unsigned i = 0; i < operandsOf(op).tensors; ++i) {
      View &view = sources.tensors.emplace_back(viewOf(b.operand(next++), sources.tensors.size()));
      if (operandsOf(op).ofImages)
        view.row = view.pixel = b.constant(0);
    }
    for (unsigned i = 0; i < operandsOf(op).vectors; ++i)
      sources.vectors.push_back(b.operand(next++));
  }
  return sources;
}

static Value apply(Builder &b, const EpilogueStep &step, Value value, llvm::function_ref<Value(unsigned)> operand) {
  switch (step.op) {
  case EpilogueOp::Add:
  case EpilogueOp::Shift:
    return arith::AddFOp::create(b.op, value, operand(0));
  case EpilogueOp::Relu:
    return b.relu(value);
  case EpilogueOp::ScaleShift: {
    Value shift = operand(1);
    return b.fma(value, operand(0), shift);
  }
  case EpilogueOp::ReluGradInput: { // a NaN is not below zero: the gradient passes
    Value isCut = arith::CmpFOp::create(b.op, arith::CmpFPredicate::OLE, operand(0), b.splat(0.0f));
    return arith::SelectOp::create(b.op, isCut, b.splat(0.0f), value);
  }
  case EpilogueOp::ScaleAdd: {
    Value second = b.fma(operand(0), operand(2), operand(3));
    return b.fma(value, operand(1), second);
  }
  case EpilogueOp::ScaleChannels:
  case EpilogueOp::Mul:
  case EpilogueOp::Multiply:
    return arith::MulFOp::create(b.op, value, operand(0));
  default:
    return applyActivation(b, step, value, operand);
  }
}

Value applyEpilogue(Builder &b, const Epilogue &chain, const EpilogueSources &sources, Value value, TilePosition position) {
  const View *tensors = sources.tensors.begin();
  const Value *vectors = sources.vectors.begin();
  for (const EpilogueStep &step : chain) {
    const EpilogueOperands &takes = operandsOf(step.op);
    value = apply(b, step, value, [&](unsigned which) {
      if (which < takes.tensors)
        return b.load(at(b, tensors[which], position));
      return b.load(vectors[which - takes.tensors], position.block * kLanes);
    });
    tensors += takes.tensors;
    vectors += takes.vectors;
  }
  if (sources.lanes.empty())
    return value;
  return arith::SelectOp::create(b.op, sources.lanes[position.block], value, b.splat(0.0f));
}

} // namespace skip::kernel

// The vocabulary of the emitters, in terms of arith, scf, llvm and nvvm operations.
#include "codegen/nvptx/kernel/Builder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace skip::nvptx {

/// NVPTX's address spaces.
static constexpr unsigned kGeneric = 0, kGlobal = 1, kShared = 3;
static constexpr unsigned kFloatBytes = 4, kVectorBytes = 16;

/// Parameters in front of the operands.
enum : unsigned { kBlockParam, kFirstParam, kImagesParam, kOperandParams };

static Type pointerType(OpBuilder &op, unsigned space) { return LLVM::LLVMPointerType::get(op.getContext(), space); }
static VectorType vectorType(OpBuilder &op) { return VectorType::get({kVector}, op.getF32Type()); }

/// The parameter is a map itself, which the tensor unit reads where it is.
static void makeTensorMap(OpBuilder &op, LLVM::LLVMFuncOp function, unsigned index) {
  constexpr int64_t bytes = 128, alignment = 64;
  function.setArgAttr(index, LLVM::LLVMDialect::getByValAttrName(),
                      TypeAttr::get(LLVM::LLVMArrayType::get(op.getIntegerType(8), bytes)));
  function.setArgAttr(index, LLVM::LLVMDialect::getAlignAttrName(), op.getI64IntegerAttr(alignment));
  function.setArgAttr(index, NVVM::NVVMDialect::getGridConstantAttrName(), op.getUnitAttr());
}

Builder::Builder(ModuleOp module, StringRef name, const Launch &launch)
    : op(module.getLoc(), OpBuilder::atBlockEnd(module.getBody())), name(name), operands(launch.operands) {
  SmallVector<Type> types{op.getI64Type(), op.getI32Type(), op.getI32Type()};
  types.append(launch.operands, op.getI64Type());
  types.append(launch.maps, pointerType(op, kGeneric));
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(op.getContext()), types);
  function = LLVM::LLVMFuncOp::create(op, name, type);
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), op.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(), op.getDenseI32ArrayAttr({int32_t(launch.threads), 1, 1}));
  for (unsigned i = 0; i < launch.maps; ++i)
    makeTensorMap(op, function, kOperandParams + launch.operands + i);
  if (launch.cluster > 1)
    function->setAttr(NVVM::NVVMDialect::getClusterDimAttrName(), op.getDenseI32ArrayAttr({int32_t(launch.cluster), 1, 1}));
  if (launch.minBlocks > 0)
    function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), op.getI32IntegerAttr(static_cast<int32_t>(launch.minBlocks)));
  op.setInsertionPointToStart(function.addEntryBlock(op));
  if (launch.startsEarly) { // nothing is read before the wait, so that the next kernel may start as soon as all blocks are here
    NVVM::GriddepcontrolOp::create(op, NVVM::GridDepActionKind::wait);
    lastHoisted = NVVM::GriddepcontrolOp::create(op, NVVM::GridDepActionKind::launch_dependents);
  }
}

void Builder::finish() { LLVM::ReturnOp::create(op, ValueRange()); }

/// Makes a value at the kernel's entry, behind the earlier ones, so that it dominates every use.
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

static Value globalPointer(ImplicitLocOpBuilder &op, Value address) {
  return LLVM::IntToPtrOp::create(op, pointerType(op, kGlobal), address);
}

Value Builder::operand(unsigned index, bool isIndirect, int64_t imageFloats) {
  return hoisted([&]() -> Value {
    Value address = globalPointer(op, function.getArgument(kOperandParams + index));
    if (!isIndirect)
      return address;
    Value array = globalPointer(op, LLVM::LoadOp::create(op, op.getI64Type(), address, 8));
    Value first = arith::ExtUIOp::create(op, op.getI64Type(), function.getArgument(kFirstParam));
    Value distance = arith::MulIOp::create(op, first, arith::ConstantIntOp::create(op, imageFloats, 64));
    return LLVM::GEPOp::create(op, array.getType(), op.getF32Type(), array, ArrayRef<LLVM::GEPArg>{distance});
  });
}

Value Builder::map(unsigned index) { return function.getArgument(kOperandParams + operands + index); }

Value Builder::images() {
  if (!imageCount)
    imageCount = hoisted([&]() -> Value {
      Value block = globalPointer(op, function.getArgument(kBlockParam));
      Value all = arith::TruncIOp::create(op, op.getI32Type(), LLVM::LoadOp::create(op, op.getI64Type(), block, 8));
      Value left = arith::SubIOp::create(op, all, function.getArgument(kFirstParam));
      return arith::MinSIOp::create(op, left, function.getArgument(kImagesParam));
    });
  return imageCount;
}

Value Builder::thread() {
  if (!threadIndex)
    threadIndex = hoisted([&]() -> Value { return NVVM::ThreadIdXOp::create(op, op.getI32Type()); });
  return threadIndex;
}

Value Builder::block(unsigned axis) {
  if (!blockIndex[axis])
    blockIndex[axis] = hoisted([&]() -> Value {
      return axis == 0   ? Value(NVVM::BlockIdXOp::create(op, op.getI32Type()))
             : axis == 1 ? Value(NVVM::BlockIdYOp::create(op, op.getI32Type()))
                         : Value(NVVM::BlockIdZOp::create(op, op.getI32Type()));
    });
  return blockIndex[axis];
}

void Builder::barrier() { NVVM::BarrierOp::create(op); }

Value Builder::shared(int64_t floats) {
  auto type = LLVM::LLVMArrayType::get(op.getF32Type(), floats);
  LLVM::GlobalOp global;
  {
    OpBuilder::InsertionGuard guard(op);
    op.setInsertionPoint(function);
    global = LLVM::GlobalOp::create(op, type, /*isConstant=*/false, LLVM::Linkage::Internal, name + "$shared", Attribute(),
                                    kVectorBytes, kShared);
  }
  return hoisted([&]() -> Value { return LLVM::AddressOfOp::create(op, global); });
}

Value Builder::dynamicShared(unsigned alignment) {
  LLVM::GlobalOp global;
  {
    OpBuilder::InsertionGuard guard(op);
    op.setInsertionPoint(function);
    global = LLVM::GlobalOp::create(op, LLVM::LLVMArrayType::get(op.getF32Type(), 0), /*isConstant=*/false,
                                    LLVM::Linkage::External, name + "$dynamic", Attribute(), alignment, kShared);
  }
  return hoisted([&]() -> Value { return LLVM::AddressOfOp::create(op, global); });
}

Value Builder::acrossWarp(Value value, llvm::function_ref<Value(Value, Value)> combine) {
  Value all = constant(-1), clamp = constant(kWarp - 1);
  for (int64_t distance = kWarp / 2; distance > 0; distance /= 2) {
    Value other =
        NVVM::ShflOp::create(op, op.getF32Type(), all, value, constant(distance), clamp, NVVM::ShflKind::bfly, UnitAttr());
    value = combine(value, other);
  }
  return value;
}

Value Builder::constant(int64_t value) {
  Value &known = constants[value];
  if (!known)
    known = hoisted([&]() -> Value { return arith::ConstantIntOp::create(op, value, 32); });
  return known;
}

Value Builder::floatConstant(float value) { return arith::ConstantOp::create(op, op.getF32FloatAttr(value)); }

Value Builder::add(Value a, Value b) { return arith::AddIOp::create(op, a, b); }
Value Builder::sub(Value a, Value b) { return arith::SubIOp::create(op, a, b); }
Value Builder::min(Value a, Value b) { return arith::MinSIOp::create(op, a, b); }
Value Builder::less(Value a, Value b) { return arith::CmpIOp::create(op, arith::CmpIPredicate::slt, a, b); }

Value Builder::mul(Value a, int64_t factor) { return factor == 1 ? a : Value(arith::MulIOp::create(op, a, constant(factor))); }

Value Builder::divide(Value a, int64_t divisor) {
  return divisor == 1 ? a : Value(arith::DivUIOp::create(op, a, constant(divisor)));
}

Value Builder::modulo(Value a, int64_t divisor) {
  return divisor == 1 ? constant(0) : Value(arith::RemUIOp::create(op, a, constant(divisor)));
}

Value Builder::below(Value a, int64_t bound) {
  return arith::CmpIOp::create(op, arith::CmpIPredicate::ult, a, constant(bound));
}

Value Builder::both(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return arith::AndIOp::create(op, a, b);
}

Value Builder::select(Value condition, Value a, Value b) { return arith::SelectOp::create(op, condition, a, b); }

/// `offset` may be negative where `more` makes up for it.
Value Builder::address(Value pointer, Value offset, int64_t more) {
  Type type = pointer.getType();
  Value moved = LLVM::GEPOp::create(op, type, op.getF32Type(), pointer, ArrayRef<LLVM::GEPArg>{offset});
  if (more == 0)
    return moved;
  return LLVM::GEPOp::create(op, type, op.getF32Type(), moved, ArrayRef<LLVM::GEPArg>{int32_t(more)});
}

Value Builder::load(Value pointer, Value offset, int64_t more) {
  return LLVM::LoadOp::create(op, op.getF32Type(), address(pointer, offset, more), kFloatBytes);
}

Values Builder::load4(Value pointer, Value offset, int64_t more) {
  Value vector = LLVM::LoadOp::create(op, vectorType(op), address(pointer, offset, more), kVectorBytes);
  Values values;
  for (int64_t lane = 0; lane < kVector; ++lane)
    values.push_back(LLVM::ExtractElementOp::create(op, vector, constant(lane)));
  return values;
}

void Builder::store(Value value, Value pointer, Value offset, int64_t more) {
  LLVM::StoreOp::create(op, value, address(pointer, offset, more), kFloatBytes);
}

void Builder::storeFloats(ValueRange values, Value pointer, Value offset, int64_t more) {
  auto count = static_cast<int64_t>(values.size());
  Value vector = LLVM::PoisonOp::create(op, VectorType::get({count}, op.getF32Type()));
  for (int64_t lane = 0; lane < count; ++lane)
    vector = LLVM::InsertElementOp::create(op, vector, values[lane], constant(lane));
  LLVM::StoreOp::create(op, vector, address(pointer, offset, more), static_cast<unsigned>(count * kFloatBytes));
}

Value Builder::plus(Value a, Value b) { return arith::AddFOp::create(op, a, b); }
Value Builder::minus(Value a, Value b) { return arith::SubFOp::create(op, a, b); }
Value Builder::times(Value a, Value b) { return arith::MulFOp::create(op, a, b); }
Value Builder::quotient(Value a, Value b) { return arith::DivFOp::create(op, a, b); }
Value Builder::squareRoot(Value x) { return LLVM::SqrtOp::create(op, x); }
Value Builder::fma(Value a, Value b, Value c) { return LLVM::FMAOp::create(op, a, b, c); }

Value Builder::maximum(Value a, Value b) { return select(arith::CmpFOp::create(op, arith::CmpFPredicate::OGT, a, b), a, b); }

Value Builder::atMost(Value a, Value b) { return arith::CmpFOp::create(op, arith::CmpFPredicate::OLE, a, b); }

Value Builder::maximumOrNan(Value a, Value b) {
  Value isNan = arith::CmpFOp::create(op, arith::CmpFPredicate::UNO, a, a);
  Value isGreater = arith::CmpFOp::create(op, arith::CmpFPredicate::OGT, a, b);
  return select(arith::OrIOp::create(op, isNan, isGreater), a, b);
}

Values Builder::loop(Value from, Value to, int64_t step, ValueRange initial,
                     llvm::function_ref<Values(Value index, ValueRange carried)> body) {
  auto build = [&](OpBuilder &inner, Location, Value index, ValueRange carried) {
    OpBuilder::InsertionGuard guard(op);
    op.setInsertionPoint(inner.getInsertionBlock(), inner.getInsertionPoint());
    Values next = body(index, carried);
    scf::YieldOp::create(op, next);
  };
  return scf::ForOp::create(op, from, to, constant(step), initial, build).getResults();
}

void Builder::when(Value condition, llvm::function_ref<void()> then) {
  if (!condition)
    return then();
  auto choice = scf::IfOp::create(op, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(op);
  op.setInsertionPointToStart(choice.thenBlock());
  then();
}

void Builder::choose(Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  auto choice = scf::IfOp::create(op, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(op);
  op.setInsertionPointToStart(choice.thenBlock());
  then();
  op.setInsertionPointToStart(choice.elseBlock());
  otherwise();
}

} // namespace skip::nvptx

// Loads and stores of numbers that are stored in 16 or 32 bits and computed with in 32.
//
// Two numbers of 16 bits are taken out of a word, or put into it, at a time. bf16 is the upper half of an f32, so reading it is
// a shift; all else is an instruction. Stores round to nearest, of two the even one; what f16 has no room for is infinite.
#include "codegen/nvptx/kernel/Builder.h"

#include "ir/plan/Layout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using skip::plan::Element;

namespace skip::nvptx {

static constexpr int64_t kWordBytes = 4, kVectorBytes = 16;

static Type typeOf(OpBuilder &op, Element element) {
  switch (element) {
  case Element::f32:
  case Element::tf32: // which nothing but a contraction reads, as words
    return op.getF32Type();
  case Element::f16:
    return op.getF16Type();
  case Element::bf16:
    return op.getBF16Type();
  }
  llvm_unreachable("an element without a type");
}

Value Builder::addressOf(const Array &array, Value offset) {
  return LLVM::GEPOp::create(op, array.pointer.getType(), typeOf(op, array.element), array.pointer,
                             ArrayRef<LLVM::GEPArg>{offset});
}

Value Builder::load(const Array &from, Value offset) {
  if (from.element == Element::f32)
    return load(from.pointer, offset);
  Value narrow = LLVM::LoadOp::create(op, typeOf(op, from.element), addressOf(from, offset), kWordBytes / 2);
  return arith::ExtFOp::create(op, op.getF32Type(), narrow);
}

void Builder::store(Value value, const Array &to, Value offset) {
  if (to.element == Element::f32)
    return store(value, to.pointer, offset);
  Value narrow = arith::TruncFOp::create(op, typeOf(op, to.element), value);
  LLVM::StoreOp::create(op, narrow, addressOf(to, offset), kWordBytes / 2);
}

/// Both numbers of a word, that of the lower bits first.
static std::array<Value, 2> unpack(ImplicitLocOpBuilder &op, Value word, Element element) {
  if (element == Element::bf16) {
    Value low = arith::ShLIOp::create(op, word, arith::ConstantIntOp::create(op, 16, 32));
    Value high = arith::AndIOp::create(op, word, arith::ConstantIntOp::create(op, int64_t(0xffff0000u), 32));
    return {arith::BitcastOp::create(op, op.getF32Type(), low), arith::BitcastOp::create(op, op.getF32Type(), high)};
  }
  Value pair = LLVM::BitcastOp::create(op, VectorType::get({2}, op.getF16Type()), word);
  std::array<Value, 2> values;
  for (int64_t i = 0; i < 2; ++i) {
    Value narrow = LLVM::ExtractElementOp::create(op, pair, arith::ConstantIntOp::create(op, i, 32));
    values[i] = arith::ExtFOp::create(op, op.getF32Type(), narrow);
  }
  return values;
}

static Value pack(ImplicitLocOpBuilder &op, Value low, Value high, Element element) {
  Value pair = LLVM::PoisonOp::create(op, VectorType::get({2}, op.getF32Type()));
  for (auto [i, value] : llvm::enumerate(std::array{low, high}))
    pair = LLVM::InsertElementOp::create(op, pair, value, arith::ConstantIntOp::create(op, i, 32));
  Value narrow = arith::TruncFOp::create(op, VectorType::get({2}, typeOf(op, element)), pair);
  return LLVM::BitcastOp::create(op, op.getI32Type(), narrow);
}

Values Builder::loadVector(const Array &from, Value offset, int64_t count) {
  int64_t each = kVectorBytes / plan::elementBytes(from.element);
  Values values;
  for (int64_t first = 0; first < count; first += each) {
    if (from.element == Element::f32) {
      values.append(load4(from.pointer, offset, first));
      continue;
    }
    Value words = LLVM::LoadOp::create(op, VectorType::get({kVectorBytes / kWordBytes}, op.getI32Type()),
                                       addressOf(from, add(offset, first)), kVectorBytes);
    for (int64_t i = 0; i < kVectorBytes / kWordBytes; ++i)
      llvm::append_range(values, unpack(op, LLVM::ExtractElementOp::create(op, words, constant(i)), from.element));
  }
  return values;
}

void Builder::storeVector(ValueRange values, const Array &to, Value offset) {
  int64_t each = kVectorBytes / plan::elementBytes(to.element), count = static_cast<int64_t>(values.size());
  for (int64_t first = 0; first < count; first += each) {
    if (to.element == Element::f32) {
      storeFloats(values.slice(first, each), to.pointer, offset, first);
      continue;
    }
    Value words = LLVM::PoisonOp::create(op, VectorType::get({kVectorBytes / kWordBytes}, op.getI32Type()));
    for (int64_t i = 0; i < kVectorBytes / kWordBytes; ++i)
      words = LLVM::InsertElementOp::create(op, words, pack(op, values[first + 2 * i], values[first + 2 * i + 1], to.element),
                                            constant(i));
    LLVM::StoreOp::create(op, words, addressOf(to, add(offset, first)), kVectorBytes);
  }
}

} // namespace skip::nvptx

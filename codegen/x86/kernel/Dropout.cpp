// Each element draws for itself, by its place alone: no mask is stored, and neither threads nor layouts nor turns change what
// is dropped. Philox4x32-10 on 16 lanes, of which one word of four is used: some 200 instructions a vector, beside the
// thousands that the linear layers around a dropout take for each of its elements.
#include "codegen/x86/kernel/Dropout.h"
#include "codegen/x86/kernel/Vectors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace arith = mlir::arith;
using mlir::VectorType;
using namespace skip::kernel;
using Param = DropoutParam;
using Position = std::array<Value, 3>;

static VectorType wordsType(Builder &b) { return VectorType::get({kLanes}, b.op.getI32Type()); }

static Value words(Builder &b, uint32_t value) {
  return arith::ConstantOp::create(
      b.op, mlir::DenseElementsAttr::get(wordsType(b), llvm::ArrayRef<int32_t>(static_cast<int32_t>(value))));
}

static Value words(Builder &b, Value word) { return mlir::vector::BroadcastOp::create(b.op, wordsType(b), word); }

static Value narrow(Builder &b, Value number) { return arith::TruncIOp::create(b.op, b.op.getI32Type(), number); }
static Value sum(Builder &b, Value x, Value y) { return arith::AddIOp::create(b.op, x, y); }
static Value differing(Builder &b, Value x, Value y) { return arith::XOrIOp::create(b.op, x, y); }

/// The first word of Philox of counter (index, 0, 0, 0).
static Value firstWord(Builder &b, Value index, std::array<Value, 2> key) {
  std::array<Value, 4> counter = {index, words(b, 0u), words(b, 0u), words(b, 0u)};
  for (int round = 0; round < 10; ++round) {
    auto first = arith::MulUIExtendedOp::create(b.op, words(b, 0xD2511F53u), counter[0]);
    auto second = arith::MulUIExtendedOp::create(b.op, words(b, 0xCD9E8D57u), counter[2]);
    counter = {differing(b, differing(b, second.getHigh(), counter[1]), key[0]), second.getLow(),
               differing(b, differing(b, first.getHigh(), counter[3]), key[1]), first.getLow()};
    key = {sum(b, key[0], words(b, 0x9E3779B9u)), sum(b, key[1], words(b, 0xBB67AE85u))};
  }
  return counter[0];
}

/// Of the lanes' elements in the first pixel of a row, as [C, rows, columns] counts them.
static Value indexOfRow(Builder &b, Position position) {
  Value rows = b.param(Param::rows), columns = b.param(Param::columns);
  Value first = b.mul(b.add(b.mul(b.mul(position[1], kLanes), rows), position[2]), columns);
  llvm::SmallVector<int32_t> lanes;
  for (int32_t lane = 0; lane < kLanes; ++lane)
    lanes.push_back(lane);
  Value places = arith::ConstantOp::create(b.op, b.op.getI32VectorAttr(lanes));
  Value ofLanes = arith::MulIOp::create(b.op, places, words(b, narrow(b, b.mul(rows, columns))));
  return sum(b, words(b, narrow(b, first)), ofLanes);
}

static std::array<Value, 2> keyOf(Builder &b, Value image) {
  Value draw = mlir::LLVM::LoadOp::create(b.op, b.op.getI32Type(), b.at(b.operand(1), image), 4);
  return {words(b, draw), words(b, narrow(b, b.param(Param::layer)))};
}

static void dropRow(Builder &b, const DropoutSpec &spec, Position position) {
  constexpr StrideParams in = {Param::inImage, Param::inBlock, Param::inRow};
  constexpr StrideParams out = {Param::outImage, Param::outBlock, Param::outRow};
  Value from = rowPointer(b, b.operand(0), in, position), to = rowPointer(b, b.operand(2), out, position);
  Value index = indexOfRow(b, position), scale = b.splat(static_cast<float>(1 / (1 - spec.rate)));
  Value below = words(b, static_cast<uint32_t>(std::min(std::floor(spec.rate * 0x1p32), 0x1p32 - 1)));
  std::array<Value, 2> key = keyOf(b, position[0]);
  b.loop(b.constant(0), b.param(Param::columns), 1, [&](Value x) {
    Value word = firstWord(b, sum(b, index, words(b, narrow(b, x))), key), pixel = b.mul(x, kLanes);
    Value isDropped = arith::CmpIOp::create(b.op, arith::CmpIPredicate::ult, word, below);
    Value kept = arith::MulFOp::create(b.op, b.load(b.at(from, pixel)), scale);
    b.store(arith::SelectOp::create(b.op, isDropped, b.splat(0.0f), kept), b.at(to, pixel));
  });
  writeHalo(b, b.operand(2), out, Param::outHalo, b.param(Param::rows), b.param(Param::columns), position);
}

void skip::kernel::emitDropout(mlir::ModuleOp module, llvm::StringRef name, const DropoutSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) { dropRow(b, spec, position); });
  b.finish();
}

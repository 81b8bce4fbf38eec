// wgmma: products of four warps, each with its sixteen rows, which run on while their registers may not be touched.
#include "emulator/tensor/Wgmma.h"

#include "emulator/machine/Async.h"
#include "emulator/machine/Converged.h"
#include "emulator/machine/Faults.h"
#include "emulator/machine/InFlight.h"
#include "emulator/machine/Paths.h"
#include "emulator/machine/ops/Lanes.h"

#include <cstring>

namespace skip::emulator {
namespace {

/// numbers: n, element, f16 accumulators, major of A and of B, negation of A and of B, whether A is in registers.
enum Number { kN, kElement, kHalf, kMajorA, kMajorB, kNegateA, kNegateB, kInRegisters };

int kOf(MatrixElement element) { return 32 / bytesOf(element); }

SharedOperand operandOf(const Detail &detail, uint64_t descriptor, bool isA) {
  SharedOperand operand;
  operand.descriptor = decodeDescriptor(descriptor);
  operand.major = static_cast<Major>(detail.numbers[isA ? kMajorA : kMajorB]);
  operand.element = static_cast<MatrixElement>(detail.numbers[kElement]);
  operand.rows = isA ? kWarpgroupRows : static_cast<int>(detail.numbers[kN]);
  operand.k = kOf(operand.element);
  return operand;
}

int firstRow(const Warp &w) { return kWarpRows * static_cast<int>(w.index % 4); }
template <class T> T *registersAt(const Product &product, uint32_t place) {
  return reinterpret_cast<T *>(product.frame->file() + place);
}

void negate(float *values, int count) {
  for (int i = 0; i < count; ++i)
    values[i] = -values[i];
}

void compute(Warp &w, const Product &product) {
  const Detail &detail = product.program->details[product.instruction->target];
  MatrixElement element = static_cast<MatrixElement>(detail.numbers[kElement]);
  int k = kOf(element), n = static_cast<int>(detail.numbers[kN]);
  const std::byte *shared = w.block->shared.data() - kSharedBase;
  std::vector<float> a(static_cast<size_t>(kWarpRows * k)), b(static_cast<size_t>(n * k));
  if (detail.numbers[kInRegisters]) {
    std::array<LaneWords, 4> registers;
    for (size_t i = 0; i < 4; ++i)
      std::memcpy(registers[i].data(), registersAt<uint32_t>(product, detail.a[i]), sizeof(LaneWords));
    gatherA(registers, k, element, a.data());
  } else {
    gatherRows(operandOf(detail, product.descriptorA, true), shared, firstRow(w), kWarpRows, a.data());
  }
  gatherColumns(operandOf(detail, product.descriptorB, false), shared, 0, n, b.data());
  if (detail.numbers[kNegateA] != detail.numbers[kNegateB])
    negate(a.data(), kWarpRows * k);
  std::vector<LaneWords> sums(detail.d.size());
  for (size_t i = 0; i < sums.size(); ++i)
    std::memcpy(sums[i].data(), registersAt<uint32_t>(product, detail.d[i]), sizeof(LaneWords));
  accumulate(sums, {a.data(), b.data(), n, k, product.scaleD, detail.numbers[kHalf] != 0});
  for (size_t i = 0; i < sums.size(); ++i)
    std::memcpy(registersAt<uint32_t>(product, detail.d[i]), sums[i].data(), sizeof(LaneWords));
}

void checkOperand(Warp &w, const SharedOperand &operand, std::string_view which) {
  if (std::optional<std::string> refusal = refusalOf(operand))
    fail(w, FaultKind::illegalDescriptor, std::string(which) + ": " + *refusal);
  uint32_t end = endOf(operand), most = kSharedBase + w.block->sharedBytes;
  if (operand.descriptor.start < kSharedBase || end > most)
    fail(w, FaultKind::outOfBounds,
         std::string(which) + " is at " + hex(operand.descriptor.start) + " to " + hex(end) + ", outside of shared memory, " +
             hex(kSharedBase) + " to " + hex(most));
}

/// Each of the four warps answers for a quarter of what all read, and for its own rows.
void beginReads(Warp &w, const SharedOperand &operand, int first, int count, GroupProduct &group, bool quarter) {
  uint32_t number = 0;
  forEachPiece(operand, first, count, [&](uint32_t address, uint32_t) {
    if (quarter && number++ % 4 != w.index % 4)
      return;
    beginRead(w, *w.block, address - kSharedBase, 16);
    group.pieces.push_back(address - kSharedBase);
  });
}

void mark(Warp &w, const Product &product, int step) {
  const Detail &detail = product.program->details[product.instruction->target];
  WarpAsync &async = *w.async;
  async.inFlight.resize(product.program->fileBytes / 64 + 8);
  async.readInFlight.resize(product.program->fileBytes / 64 + 8);
  for (uint32_t place : detail.d)
    async.inFlight[place / 64] = static_cast<uint8_t>(async.inFlight[place / 64] + step);
  for (uint32_t place : detail.a)
    async.readInFlight[place / 64] = static_cast<uint8_t>(async.readInFlight[place / 64] + step);
  async.inFlightCount += static_cast<uint32_t>(step);
}

void checkUniform(Warp &w, uint32_t place) {
  const uint64_t *values = w.at<uint64_t>(place);
  for (int i = 1; i < 32; ++i)
    if (values[i] != values[0])
      fail(w, FaultKind::illegalDescriptor, "lanes have different descriptors", 1u << i);
}

Warp &warpOf(Warp &w, uint32_t part) { return *w.block->warps[w.index / 4 * 4 + part]; }

void complete(Warp &w, GroupProduct &group) {
  for (uint32_t part = 0; part < 4; ++part)
    compute(warpOf(w, part), group.parts[part]);
  group.done = true;
}

/// In their order, as far as all four warps have issued them and `through` is not passed.
void completeThrough(Warp &w, Warpgroup &warpgroup, uint32_t through, bool force) {
  for (uint32_t i = 0; i < warpgroup.products.size() && warpgroup.firstProduct + i <= through; ++i) {
    GroupProduct &group = warpgroup.products[i];
    if (group.done)
      continue;
    if (group.issued != 15 || (!force && !group.now))
      return;
    complete(w, group);
  }
}

GroupProduct &groupOf(Warp &w, Warpgroup &warpgroup, uint32_t number) {
  uint32_t index = number - warpgroup.firstProduct;
  if (index == warpgroup.products.size()) {
    warpgroup.products.emplace_back();
    warpgroup.products.back().now = happensNow(*w.run);
  }
  return warpgroup.products[index];
}

void checkSame(Warp &w, const GroupProduct &group, const Product &product) {
  for (uint32_t part = 0; part < 4; ++part) {
    const Product &other = group.parts[part];
    if (!(group.issued >> part & 1))
      continue;
    if (other.instruction != product.instruction)
      fail(w, FaultKind::divergence,
           "warp " + std::to_string(warpOf(w, part).index) + " of the warpgroup runs another wgmma, that of line " +
               std::to_string(other.program->lineOf(*other.instruction)));
    if (other.descriptorA != product.descriptorA || other.descriptorB != product.descriptorB || other.scaleD != product.scaleD)
      fail(w, FaultKind::illegalDescriptor, "warps of the warpgroup have different descriptors or scales");
  }
}

void multiply(Warp &w, const Instruction &in, uint32_t mask) {
  needFullWarp(w, mask);
  const Detail &detail = w.program->details[in.target];
  bool checks = w.run->settings.checks;
  if (w.index / 4 >= w.block->warpgroups.size())
    fail(w, FaultKind::illegalInstruction, "wgmma needs four whole warps, and this warp is among the last, fewer than four");
  if (checks && !w.async->wgmmaFenced)
    fail(w, FaultKind::missingFence, "registers of this wgmma were touched since the last wgmma.fence, or there was none");
  Product product;
  product.program = w.program;
  product.instruction = &in;
  product.frame = w.path().frame;
  product.group = w.async->productGroup;
  product.scaleD = in.kind ? in.immediate != 0 : *w.at<uint32_t>(in.c) & 1;
  checkUniform(w, in.b);
  product.descriptorB = w.at<uint64_t>(in.b)[0];
  if (!detail.numbers[kInRegisters]) {
    checkUniform(w, in.a);
    product.descriptorA = w.at<uint64_t>(in.a)[0];
  }
  Warpgroup &warpgroup = *w.block->warpgroups[w.index / 4];
  uint32_t number = w.async->productsIssued++;
  GroupProduct &group = groupOf(w, warpgroup, number);
  checkSame(w, group, product);
  if (!detail.numbers[kInRegisters]) {
    SharedOperand a = operandOf(detail, product.descriptorA, true);
    checkOperand(w, a, "A");
    if (checks)
      beginReads(w, a, firstRow(w), kWarpRows, group, false);
  }
  SharedOperand b = operandOf(detail, product.descriptorB, false);
  checkOperand(w, b, "B");
  if (checks)
    beginReads(w, b, 0, b.rows, group, true);
  w.run->counters.matrixOperations += uint64_t(kWarpRows) * detail.numbers[kN] * static_cast<uint64_t>(b.k);
  group.parts[w.index % 4] = product;
  group.issued |= 1u << w.index % 4;
  mark(w, product, 1);
  w.async->products.push_back(product);
  completeThrough(w, warpgroup, number, false);
  if (group.issued == 15)
    wake(*w.block->cluster, Waiting::warpgroup, w.block, w.index / 4);
}

void fenceRegisters(Warp &w, const Instruction &, uint32_t mask) {
  needWarp(w, mask);
  w.async->wgmmaFenced = true;
}

void commit(Warp &w, const Instruction &, uint32_t mask) {
  needWarp(w, mask);
  ++w.async->productGroup;
}

/// The first of the four that waits lets what was read be written again.
void release(Warp &w, Warpgroup &warpgroup, uint32_t number) {
  GroupProduct &group = warpgroup.products[number - warpgroup.firstProduct];
  Epoch reader = Epoch::of(warpgroup.agent, number + 1);
  if (w.run->settings.checks)
    w.knows.generic.raise(warpgroup.agent, number + 1);
  if (!group.released)
    for (uint32_t piece : group.pieces)
      endRead(w, *w.block, piece, 16, reader);
  group.released = true;
  group.waited |= 1u << w.index % 4;
  while (!warpgroup.products.empty() && warpgroup.products.front().waited == 15) {
    warpgroup.products.pop_front();
    ++warpgroup.firstProduct;
  }
}

void wait(Warp &w, const Instruction &in, uint32_t mask) {
  needWarp(w, mask);
  auto &products = w.async->products;
  while (!products.empty() && products.front().group + static_cast<uint32_t>(in.immediate) < w.async->productGroup) {
    Warpgroup &warpgroup = *w.block->warpgroups[w.index / 4];
    uint32_t number = w.async->productsWaited;
    if (warpgroup.products[number - warpgroup.firstProduct].issued != 15)
      return waitAt(w, Waiting::warpgroup, w.block, w.index / 4, true);
    completeThrough(w, warpgroup, number, true);
    release(w, warpgroup, number);
    mark(w, products.front(), -1);
    products.pop_front();
    ++w.async->productsWaited;
  }
}

struct Shape {
  uint32_t n;
  int k;
};

Shape takeShape(Decoding &d) {
  std::string_view text = d.takeStartingWith("m64n");
  size_t at = text.find('k');
  if (at == text.npos || at > 3)
    d.fail("a shape as m64n128k16 is wanted");
  Shape shape{0, 0};
  for (char c : text.substr(0, at))
    shape.n = shape.n * 10 + static_cast<uint32_t>(c - '0');
  for (char c : text.substr(at + 1, 3))
    shape.k = shape.k * 10 + (c - '0');
  if (!isWgmmaN(static_cast<int>(shape.n)))
    d.fail("N of a product is a multiple of 8 from 8 to 256");
  return shape;
}

MatrixElement takeElements(Decoding &d) {
  Type a = d.takeType(), b = d.takeType();
  if (a != b || (a != Type::f16 && a != Type::bf16 && a != Type::tf32))
    d.fail("elements other than f16, bf16 and tf32 are not supported");
  return a == Type::f16 ? MatrixElement::f16 : a == Type::bf16 ? MatrixElement::bf16 : MatrixElement::tf32;
}

uint32_t sign(Decoding &d, size_t index) {
  int64_t value = d.integer(index);
  if (value != 1 && value != -1)
    d.fail("a sign is 1 or -1");
  return value < 0;
}

uint32_t transposed(Decoding &d, size_t index) {
  int64_t value = d.integer(index);
  if (value != 0 && value != 1)
    d.fail("0 or 1 is expected");
  return static_cast<uint32_t>(value);
}

void takeScale(Decoding &d, const Operand &operand) {
  bool negated = false;
  d.in.kind = operand.kind == Operand::Kind::integer;
  if (d.in.kind)
    d.in.immediate = operand.value;
  else
    d.in.c = d.predicate(operand, negated);
}

/// d, a, b, scale-d, sign of a, sign of b, and of sixteen-bit elements which operand is MN-major.
void decodeMultiply(Decoding &d) {
  Shape shape = takeShape(d);
  Type result = d.wantType({Type::f32, Type::f16});
  MatrixElement element = takeElements(d);
  if (shape.k != kOf(element) || (result == Type::f16 && element != MatrixElement::f16))
    d.fail("a combination of shape and types that does not exist");
  bool half = result == Type::f16, registers = d.operand(1).kind == Operand::Kind::vector;
  size_t majors = element == MatrixElement::tf32 ? 0 : registers ? 1 : 2;
  d.wantOperands(6 + majors, 6 + majors);
  Detail &detail = d.addDetail();
  detail.d =
      d.destinations(d.operand(0), Type::b32, static_cast<size_t>(accumulatorRegisters(static_cast<int>(shape.n), half)));
  if (registers)
    detail.a = d.sources(d.operand(1), Type::b32, 4);
  else
    d.in.a = d.source(1, Type::b64);
  d.in.b = d.source(2, Type::b64);
  takeScale(d, d.operand(3));
  uint32_t *numbers = detail.numbers;
  numbers[kN] = shape.n;
  numbers[kElement] = static_cast<uint32_t>(element);
  numbers[kHalf] = half;
  numbers[kNegateA] = sign(d, 4);
  numbers[kNegateB] = sign(d, 5);
  numbers[kMajorA] = majors == 2 ? transposed(d, 6) : 0;
  numbers[kMajorB] = majors ? transposed(d, 5 + majors) : 0;
  numbers[kInRegisters] = registers;
  d.in.execute = multiply;
  d.program.usesWgmma = true;
  for (uint32_t place : detail.d)
    d.program.accumulators.push_back(place);
  for (uint32_t place : detail.a)
    d.program.accumulators.push_back(place);
}

void decodeWgmma(Decoding &d) {
  d.wantArchitecture(90, true);
  int action = d.takeOneOf({"fence", "commit_group", "wait_group", "mma_async"});
  if (!d.take("sync") || !d.take("aligned") || action < 0)
    d.fail("an action and `.sync.aligned` are wanted");
  if (action == 3)
    return decodeMultiply(d);
  d.wantOperands(action == 2 ? 1 : 0, action == 2 ? 1 : 0);
  d.in.execute = action == 0 ? fenceRegisters : action == 1 ? commit : wait;
  if (action == 2)
    d.in.immediate = d.integer(0);
  if (d.in.immediate < 0 || d.in.immediate > 7)
    d.fail("0 to 7 groups may be open");
}

constexpr Operation kOperations[] = {{"wgmma", decodeWgmma}};

} // namespace

std::span<const Operation> warpgroupOperations() { return kOperations; }

} // namespace skip::emulator

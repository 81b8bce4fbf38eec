// A chain of elementwise operations, a row of one block at a time: four pixels together, so that loads overlap.
#include "codegen/x86/kernel/Elementwise.h"
#include "codegen/x86/kernel/Vectors.h"

using namespace skip::kernel;
using Param = ElementwiseParam;
using Position = std::array<Value, 3>;

static constexpr int64_t kTile = 4;
static constexpr StrideParams kOut = {Param::outImage, Param::outBlock, Param::outRow};
static constexpr StrideParams kIn = {Param::inImage, Param::inBlock, Param::inRow};

static StrideParams addStrides(unsigned add) {
  return {elementwiseAddParam(add, 0), elementwiseAddParam(add, 1), elementwiseAddParam(add, 2)};
}

/// What the chain reads, positioned at the first pixel of a row.
static EpilogueSources sourcesOf(Builder &b, const Epilogue &chain, Position position) {
  unsigned next = 1;
  EpilogueSources sources = loadSources(b, chain, next, [&](Value pointer, unsigned add) {
    View row;
    row.pointer = rowPointer(b, pointer, addStrides(add), position);
    return row;
  });
  Value channel = b.mul(position[1], kLanes);
  for (Value &vector : sources.vectors)
    vector = b.at(vector, channel);
  return sources;
}

static EpilogueSources movedBy(Builder &b, EpilogueSources sources, Value offset) {
  for (View &tensor : sources.tensors)
    if (!isOfImages(tensor))
      tensor.pointer = b.at(tensor.pointer, offset);
  return sources;
}

// All of a tile is read before any of it is written, for LLVM cannot know which tensors share memory.
static void emitRow(Builder &b, const Epilogue &chain, Position position) {
  Value out = b.operand(1 + operandCount(chain)), columns = b.param(Param::columns);
  Value inRow = rowPointer(b, b.operand(0), kIn, position), outRow = rowPointer(b, out, kOut, position);
  EpilogueSources row = sourcesOf(b, chain, position);
  forEachTile(b, b.constant(0), columns, kTile, [&](Value first, int64_t count) {
    Value offset = b.mul(first, kLanes), from = b.at(inRow, offset), to = b.at(outRow, offset);
    EpilogueSources sources = movedBy(b, row, offset);
    Values pixels;
    for (int64_t pixel = 0; pixel < count; ++pixel)
      pixels.push_back(applyEpilogue(b, chain, sources, b.load(from, pixel * kLanes), {.pixel = pixel}));
    for (int64_t pixel = 0; pixel < count; ++pixel)
      b.store(pixels[pixel], to, pixel * kLanes);
  });
  writeHalo(b, out, kOut, Param::outHalo, b.param(Param::rows), columns, position);
}

void skip::kernel::emitElementwise(mlir::ModuleOp module, llvm::StringRef name, const ElementwiseSpec &spec) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](Position position) { emitRow(b, spec.chain, position); });
  b.finish();
}

#include "codegen/nvptx/kernel/Views.h"

using namespace skip;
using namespace skip::nvptx;

TilePlace::TilePlace(Builder &b, const GemmSpec &spec, int64_t m, int64_t n) : m(m), n(n) {
  rows = b.mul(b.images(), spec.result.pixels());
  firstRow = b.mul(b.block(0), m);
  firstColumn = b.mul(b.block(1), n);
}

Share nvptx::shareOf(Builder &b, int64_t stages, int64_t parts) {
  int64_t most = (stages + parts - 1) / parts;
  if (parts == 1)
    return {b.constant(0), b.constant(stages), stages, true};
  Value first = b.mul(b.block(2), most), left = b.sub(b.constant(stages), first);
  Value some = b.select(b.less(left, b.constant(0)), b.constant(0), left);
  return {first, b.min(b.constant(most), some), most, false};
}

ChunkPlace::ChunkPlace(Builder &b, const GemmSpec &spec, int64_t m, int64_t n, int64_t stageChunks, int64_t threads)
    : TilePlace(b, spec, m, n), stageChunks(stageChunks), step(threads / stageChunks) {
  chunk = b.modulo(b.thread(), stageChunks);
  row = b.divide(b.thread(), stageChunks);
}

Source::Source(Builder &b, const GemmSpec &spec, const GemmView &view, Value input, Value filter, const ChunkPlace &place)
    : b(b), spec(spec), view(view), place(place), input{input, view.input.element}, filter{filter, view.input.element},
      chunks(view.kernelHeight * view.kernelWidth * view.input.vectors()) {
  Value lastRow = b.sub(place.rows, b.constant(1)), padding = b.constant(view.padding);
  int64_t pixels = spec.result.pixels();
  for (int64_t row = 0; row < place.m; row += place.step) {
    Value index = b.min(b.add(b.add(place.firstRow, place.row), row), lastRow);
    Value pixel = b.modulo(index, pixels);
    imageStart.push_back(b.mul(b.divide(index, pixels), view.input.elements()));
    y.push_back(b.sub(b.mul(b.divide(pixel, spec.result.width), view.stride), padding));
    x.push_back(b.sub(b.mul(b.modulo(pixel, spec.result.width), view.stride), padding));
  }
  Value lastColumn = b.constant(spec.result.channels - 1);
  for (int64_t column = 0; column < place.n; column += place.step)
    filterStart.push_back(
        b.mul(b.min(b.add(b.add(place.firstColumn, place.row), column), lastColumn), chunks * view.input.lanes()));
}

/// Whether every tap of every window lies in the picture.
static bool staysInside(const GemmView &view, const Picture &result) {
  auto fits = [&](int64_t outputs, int64_t kernel, int64_t size) { return (outputs - 1) * view.stride + kernel <= size; };
  return view.padding == 0 && fits(result.height, view.kernelHeight, view.input.height) &&
         fits(result.width, view.kernelWidth, view.input.width);
}

/// `isInside` is narrowed to where the tap lies in the picture.
Value Source::inputOffset(size_t row, Value tap, Value vector, Value &isInside) const {
  Value tapY = b.add(y[row], b.divide(tap, view.kernelWidth));
  Value tapX = b.add(x[row], b.modulo(tap, view.kernelWidth));
  if (!staysInside(view, spec.result))
    isInside = b.both(isInside, b.both(b.below(tapY, view.input.height), b.below(tapX, view.input.width)));
  Value pixel = b.add(b.mul(tapY, view.input.width), tapX);
  return b.mul(b.add(b.mul(pixel, view.input.vectors()), vector), view.input.lanes());
}

/// `offset` behind `start` where `exists`, else `start` itself, which always lies in the tensor.
static Piece pieceOf(Builder &b, const Array &from, Value start, Value offset, Value exists) {
  return {from, b.add(start, exists ? b.select(exists, offset, b.constant(0)) : offset), exists};
}

llvm::SmallVector<Piece> Source::pieces(Value stage) const {
  Value index = b.add(b.mul(stage, place.stageChunks), place.chunk), exists;
  if (chunks % place.stageChunks != 0)
    exists = b.below(index, chunks);
  int64_t vectors = view.input.vectors();
  Value tap = b.divide(index, vectors), vector = b.modulo(index, vectors);
  llvm::SmallVector<Piece> pieces;
  for (size_t row = 0; row < y.size(); ++row) {
    Value isInside = exists;
    Value offset = inputOffset(row, tap, vector, isInside);
    pieces.push_back(pieceOf(b, input, imageStart[row], offset, isInside));
  }
  for (Value start : filterStart)
    pieces.push_back(pieceOf(b, filter, start, b.mul(index, view.input.lanes()), exists));
  return pieces;
}

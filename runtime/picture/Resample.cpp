// Two passes, each rounded to bytes: along rows, then across them, as Pillow does it; or the other way round where the height
// shrinks by more than twice as many pixels as the width, as Pillow does it since version 13 (before, always along rows first).
//
// Rows are made when they are first needed and only those and only the columns that the cut has. The first pass's rows lie in a
// ring that has room for one window of the second pass; so scratch memory grows with the size of the result and the width of
// the picture, hardly with its height, and stays in the cache. Four rows are made at a time, which is what Passes take.
//
//   picture -> [grey] -> along -> ring -> across ---------> out      and, where the height comes first,
//   picture -> [grey -> ring] ----------> across -> along -> out
//
// A side that is not scaled is not touched.
#include "runtime/picture/Resample.h"

#include "runtime/picture/Passes.h"
#include "runtime/picture/Windows.h"

#include <string.h>

namespace skip::runtime {

namespace {
enum : int64_t { together = 4, behindRow = 64 }; // rows made at a time; bytes behind a row that vectors may touch

int64_t groupsFor(int64_t pixels, int64_t size) { return (pixels + size - 1) / size; }
int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/// Hands out pieces of memory one after another; without memory, counts them.
class Pieces {
public:
  explicit Pieces(void *memory) : memory(static_cast<uint8_t *>(memory)) {}
  template <typename T> T *take(int64_t count) {
    uint8_t *piece = memory ? memory + used : nullptr;
    used += (static_cast<size_t>(count) * sizeof(T) + 63) / 64 * 64;
    return reinterpret_cast<T *>(piece);
  }
  size_t bytes() const { return used; }

private:
  uint8_t *memory;
  size_t used = 0;
};

/// Rows of one length; of which the last `capacity` are there.
struct Ring {
  uint8_t *rows = nullptr;
  int64_t capacity = 0, stride = 0;

  void place(Pieces &pieces, int64_t rowCount, int64_t bytes) {
    capacity = rowCount;
    stride = (bytes + behindRow + 63) / 64 * 64;
    rows = pieces.take<uint8_t>(capacity * stride);
  }
  uint8_t *operator[](int64_t row) const { return rows + row % capacity * stride; }
};
} // namespace

/// One run; or, without memory, what it would need.
class Resampling::Run {
public:
  Run(const Resampling &plan, void *scratch);

  size_t bytes() const { return pieces.bytes(); }
  void all(const Passes &chosen, void (*take)(void *, int64_t, const uint8_t *), void *user);

private:
  void fillColumns();
  const uint8_t *readable(int64_t row, int64_t slot);
  void along(const uint8_t *const from[together], uint8_t *const to[together]) const { passes->alongRows(columns, from, to); }
  const uint8_t *firstPassRow(int64_t row);
  void makeUpTo(int64_t end, int64_t last);
  const uint8_t *across(int64_t outputRow, uint8_t *to);

  const Resampling &plan;
  const Cut &cut;
  const Side width, height;
  const int32_t pixel;
  const bool alongFirst;
  const bool copies; // rows before they are scaled along: they are made grey, or have too few pixels
  const Passes *passes = nullptr;
  Pieces pieces;
  ColumnTable columns = {};
  int64_t *firsts = nullptr;
  int16_t *columnWeights = nullptr, *rowWeights = nullptr;
  const uint8_t **window = nullptr;
  int64_t rowBytes;       // of what the second pass across reads
  int64_t columnOffset;   // bytes before the cut in rows that are not scaled along
  Ring copied, ring, out; // of the picture; of the first pass; of the second
  int64_t made = 0;       // rows of the ring, and of those before
};

static int64_t columnGroups(const Side &width, int32_t pixel) { return groupsFor(width.mostPixels(), groupSize(pixel)); }

Resampling::Run::Run(const Resampling &plan, void *scratch)
    : plan(plan), cut(plan.cut), width{plan.picture.width, plan.cut.width, plan.filter},
      height{plan.picture.height, plan.cut.height, plan.filter}, pixel(plan.bytesOfPixel),
      alongFirst(width.isScaled() && !plan.acrossFirst),
      copies(plan.makesGrey || (alongFirst && width.input < leastPixels(pixel, columnGroups(width, pixel)))), pieces(scratch) {
  columns.pixelBytes = pixel;
  columns.count = cut.columns;
  columns.groups = columnGroups(width, pixel);
  if (width.isScaled()) {
    columns.firsts = firsts = pieces.take<int64_t>(columns.count);
    columns.weights = columnWeights = pieces.take<int16_t>(columns.count * columns.groups * 2 * groupSize(pixel));
  }
  int64_t pictureBytes = larger(width.input, leastPixels(pixel, columns.groups)) * pixel;
  int64_t windowRows = groupsFor(height.mostPixels(), rowGroupSize) * rowGroupSize;
  rowWeights = pieces.take<int16_t>(2 * windowRows);
  window = pieces.take<const uint8_t *>(windowRows);
  rowBytes = (alongFirst ? cut.columns : width.input) * pixel;
  columnOffset = width.isScaled() ? 0 : cut.left * pixel;
  int64_t ringRows = smaller(windowRows, height.input) + together;
  if (copies)
    copied.place(pieces, alongFirst ? int64_t{together} : ringRows, pictureBytes);
  if (alongFirst)
    ring.place(pieces, ringRows, rowBytes);
  out.place(pieces, 2 * together, larger(cut.columns * pixel, pictureBytes));
}

/// Windows of the columns of the cut. A window near the right side begins earlier, with pixels of no weight, so that its groups
/// lie in the row.
void Resampling::Run::fillColumns() {
  if (!width.isScaled())
    return;
  const int64_t size = groupSize(pixel), pixels = larger(width.input, leastPixels(pixel, columns.groups));
  for (int64_t x = 0; x < columns.count; ++x) {
    int64_t first = windowOf(width, cut.left + x).first;
    firsts[x] = smaller(first, pixels - size * columns.groups);
    writeWeights(width, cut.left + x, first - firsts[x], size, columns.groups, columnWeights + x * columns.groups * 2 * size);
  }
}

/// A row of the picture where vectors can read it.
const uint8_t *Resampling::Run::readable(int64_t row, int64_t slot) {
  const uint8_t *from = plan.picture.row(row);
  if (!copies)
    return from;
  uint8_t *to = copied[slot];
  if (plan.makesGrey)
    makeGrey(from, plan.picture.order, width.input, to);
  else
    memcpy(to, from, static_cast<size_t>(width.input * pixel));
  return to;
}

/// A row that the pass across reads, once it is made.
const uint8_t *Resampling::Run::firstPassRow(int64_t row) {
  if (ring.capacity > 0)
    return ring[row];
  return (copies ? copied[row] : plan.picture.row(row)) + columnOffset;
}

/// Makes the rows before `end`, and up to `together` in one go, of which `last` is the last that is ever needed.
void Resampling::Run::makeUpTo(int64_t end, int64_t last) {
  if (ring.capacity == 0) {
    for (; copies && made < end; ++made)
      readable(made, made);
    return;
  }
  while (made < end) {
    const uint8_t *from[together];
    uint8_t *to[together];
    for (int64_t i = 0; i < together; ++i) {
      int64_t row = smaller(made + i, last);
      from[i] = made + i > last ? from[i - 1] : readable(row, i);
      to[i] = ring[row];
    }
    along(from, to);
    made = smaller(made + together, last + 1);
  }
}

/// The means of a window of rows; a row itself where the height is not scaled.
const uint8_t *Resampling::Run::across(int64_t outputRow, uint8_t *to) {
  Window rows = windowOf(height, outputRow);
  Window last = windowOf(height, cut.top + cut.rows - 1);
  makeUpTo(rows.first + rows.count, last.first + last.count - 1);
  if (!height.isScaled())
    return firstPassRow(rows.first);
  int64_t groups = groupsFor(rows.count, rowGroupSize);
  writeWeights(height, outputRow, 0, rowGroupSize, groups, rowWeights);
  for (int64_t i = 0; i < groups * rowGroupSize; ++i)
    window[i] = firstPassRow(rows.first + smaller(i, rows.count - 1));
  int64_t bytes = width.isScaled() ? rowBytes : cut.columns * pixel;
  passes->acrossRows(window, rowWeights, groups, bytes, to);
  return to;
}

void Resampling::Run::all(const Passes &chosen, void (*take)(void *, int64_t, const uint8_t *), void *user) {
  passes = &chosen;
  fillColumns();
  made = windowOf(height, cut.top).first;
  if (!plan.acrossFirst || !width.isScaled()) {
    for (int64_t y = 0; y < cut.rows; ++y)
      take(user, y, across(cut.top + y, out[0]));
    return;
  }
  for (int64_t y = 0; y < cut.rows; y += together) {
    int64_t rows = smaller(together, cut.rows - y);
    const uint8_t *from[together];
    uint8_t *to[together];
    for (int64_t i = 0; i < together; ++i) {
      from[i] = i < rows ? across(cut.top + y + i, out[i]) : from[i - 1];
      to[i] = out[together + smaller(i, rows - 1)];
    }
    along(from, to);
    for (int64_t i = 0; i < rows; ++i)
      take(user, y + i, to[i]);
  }
}

Resampling::Resampling(const PictureView &picture, const Cut &cut, SkipFilter filter, bool grey)
    : picture(picture), cut(cut), filter(filter), makesGrey(grey && picture.order != SKIP_GREY),
      acrossFirst(cut.height < picture.height && picture.height - cut.height > 2 * (picture.width - cut.width)),
      bytesOfPixel(grey ? 1 : pixelBytesOf(picture.order)) {}

size_t Resampling::scratchBytes() const { return Run(*this, nullptr).bytes(); }

void Resampling::run(void *scratch, bool avx2, void (*take)(void *user, int64_t row, const uint8_t *pixels), void *user) const {
  Run(*this, scratch).all(passesOf(avx2), take, user);
}

} // namespace skip::runtime

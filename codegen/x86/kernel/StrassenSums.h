// The sums of a Strassen convolution's input and weights, in scratch memory.
#pragma once

#include "codegen/x86/kernel/StrassenUnits.h"
#include "ir/plan/x86/Strassen.h"

namespace skip::kernel {

inline constexpr int64_t kStrassenProducts = 7;
inline constexpr int64_t kStrassenFirstWithWeights = 4; // products before make sums of the input, the others of weights
inline constexpr int64_t kStrassenUnrolled = 4;         // channels of a loop's body
inline constexpr int64_t kStrassenParts = kLanes / kStrassenUnrolled;
inline constexpr int64_t kStrassenTile = kLanes * kLanes; // weights of two blocks of channels

/// A stage's weights, and where their sums go.
struct StrassenWeights {
  Value from, block, to;
  Value factors, sizes;
};

class StrassenSums {
public:
  StrassenSums(Builder &b, const ConvSpec &spec, const StrassenUnits &units);

  /// Where a tile's S lie, in the order of products, `scratch.pixelFloats` apart; if they are copied, all seven operands. A
  /// chunk's tiles lie in a ring from `base` on.
  Value ringAt(Value base, Value tile);
  /// The ring's base after so many tiles.
  Value moved(Value base, Value tiles) { return b.modulo(b.add(base, tiles), b.constant(scratch.ringTiles)); }
  /// Which of a tile's kinds a product reads.
  int64_t pixelKind(int64_t product) const { return copies ? product : product < 3 ? product - 1 : product - 3; }

  /// Where one of the two buffers of a stage's T begins: T2, T3, T4, T1, `scratch.weightFloats` apart.
  Value bufferAt(Value which) { return b.at(weightBuffers, b.mul(which, scratch.bufferFloats())); }

  /// The S of a unit's first tile, at the ring's beginning.
  void makePixels(const StrassenSource &source);
  /// Of 16 channels of a pixel, whose factors begin at `factors`. `fetched`, in elements from there, is wanted soon.
  void sumPixels(const StrassenSource &source, Value from, Value to, Value factors, Value fetched);

  /// T is made in steps of `channelsAhead` channels, the output blocks one after the other.
  int64_t weightSteps() const { return blocks * kLanes / channelsAhead; }
  /// Where a step is, in elements from the first; `blockFloats` lie between two output blocks.
  Value weightStep(Value step, Value blockFloats);
  /// Which of a block's channels a step begins with, and what the sums of its output channels are multiplied by, which the
  /// following calls of sumWeights use.
  Value firstChannel(Value step) { return b.mul(b.modulo(step, stepsPerBlock()), channelsAhead); }
  void useSizes(Value sizes, Value step);
  /// The steps from `step` on; factors of the chunk's input channels, sizes of the stage's output channels.
  void makeWeights(const StrassenWeights &weights, Value step, Value fetched);
  /// Of an input channel, whose factor is at `factorAt`, and 16 output channels.
  void sumWeights(Value from, Value weightBlock, Value to, Value factorAt, Value fetched);
  /// Asks for the first stage's weights.
  void fetchWeights(const StrassenSource &source);

  const plan::StrassenScratch scratch;
  const bool copies;                  // the input's quarters too, to make their pixels neighbours
  int64_t pixelsAhead, channelsAhead; // whose sums one product makes, of each block of input channels; a multiple of parts

private:
  Value stepsPerBlock() { return b.constant(kLanes / channelsAhead); }

  Builder &b;
  const StrassenUnits &units;
  const int64_t blocks, columns, half;
  Value ring;          // [ringTiles][kinds][half][columns][16 ic]
  Value weightBuffers; // [2][T2, T3, T4, T1][blocks][half][16 ic][16 oc]
  Value factor;        // of 16 output channels
};

} // namespace skip::kernel

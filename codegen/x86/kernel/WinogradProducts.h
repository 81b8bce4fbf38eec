// The middle of a Winograd convolution: transformed windows times transformed filters, at every position.
#pragma once

#include "codegen/x86/kernel/Builder.h"
#include "codegen/x86/kernel/Winograd.h"

#include <memory>

namespace skip::kernel {

/// Some blocks of input channels of a unit.
struct WinogradChunk {
  Value input, filter; // where they begin
  Value next;          // the filters that are wanted after these
  Value inBlocks;      // up to `depth` of the products
  Value begun;         // a mask: all lanes, or none where the sums begin with this chunk
};

/// A way to transform a chunk's filters and multiply by them. To be made at the function's top level: it takes scratch memory.
class WinogradProducts {
public:
  WinogradProducts(Builder &b, const WinogradConvSpec &spec, int64_t depth);
  virtual ~WinogradProducts() = default;

  /// sums (+)= input x filters. `sums` is [n * n][ocBlocks][group][16 oc], sumVectors() from one position to the next.
  virtual void multiply(const WinogradChunk &chunk, Value sums) = 0;

  int64_t chunkDepth() const { return depth; } // blocks of input channels that a chunk has
  int64_t sumVectors() const { return (blocks * group) | 1; }
  int64_t inBlockVectors() const; // of the transformed windows of one group of tiles
  int64_t filterFloats() const;   // of one block of input channels and one of output channels
  Value outBlockFloats();         // the same of all blocks of input channels

protected:
  /// Cuts the group into register tiles: how far, in elements, a tile lies behind the group's first, and how many columns it
  /// has.
  void forEachTile(llvm::function_ref<void(Value offset, int64_t columns)> body);
  /// A register tile's sums, columns outermost.
  Values loadSums(Value from, int64_t columns, Value begun);
  void storeSums(ValueRange values, Value to, int64_t columns);
  /// One position's share of the next chunk's filters, which begin at `from`; fetchedFloats() on the next share begins.
  void fetch(Value from);
  int64_t fetchedFloats() const;

  Builder &b;
  const WinogradConvSpec &spec;
  int64_t n, group, blocks, depth;
  int64_t inputVectors; // from one position of the windows to the next
};

/// The way that the spec asks for: by its schedule's rows, the positions whose sums are in registers at a time.
std::unique_ptr<WinogradProducts> winogradProducts(Builder &b, const WinogradConvSpec &spec);

/// One position at a time: the filters of a row of positions are stored, then used.
std::unique_ptr<WinogradProducts> storedProducts(Builder &b, const WinogradConvSpec &spec);
/// The same for stride 2 over blocked channels.
std::unique_ptr<WinogradProducts> phasedProducts(Builder &b, const WinogradConvSpec &spec);
/// Two positions or a row of them at a time, whose filters are made in registers.
std::unique_ptr<WinogradProducts> pairedProducts(Builder &b, const WinogradConvSpec &spec);

} // namespace skip::kernel

// Filters lie in memory as a direct convolution's do and are transformed here, a chunk of input channels and a row of positions
// at a time, into a scratch that fits the first-level cache:
//
//   for each row of positions:   filters = that row of G g G^T;   sums += input x filters
//
// A filter transformed beforehand would be four times as large (m = 4), and at batch 1 the network is read from memory once a
// run: ResNet-18's third and fourth group of layers spent more than half of their time waiting for it. The transform costs some
// 40 cycles for 16 x 1 channels, as much as the products of two tiles. Measured at 512 @ 7, in times a direct convolution at
// its peak: 1.6; with all positions of 64 input channels at a time, which only the second-level cache holds, 1.2; without
// fetching the next chunk's filters while this one's products run, 1.4.
#include "codegen/x86/kernel/Vectors.h"
#include "codegen/x86/kernel/WinogradFilters.h"
#include "codegen/x86/kernel/WinogradProducts.h"

using namespace skip::kernel;

/// Blocks of input channels in a chunk. Where few tiles share a filter, the taps that it is made from must stay in the
/// first-level cache with it; where many do, the sums that each chunk reads and writes are the larger traffic.
static int64_t depthOf(const WinogradConvSpec &spec) {
  return std::max<int64_t>(1, (spec.group >= 25 ? 8 : 2) / spec.schedule.ocBlocks);
}

namespace {

class StoredProducts : public WinogradProducts {
public:
  StoredProducts(Builder &b, const WinogradConvSpec &spec)
      : WinogradProducts(b, spec, depthOf(spec)), filters(b, spec, depth) {}

  void multiply(const WinogradChunk &chunk, Value sums) override {
    b.loop(b.constant(0), b.constant(n), 1, {chunk.input, sums, chunk.next}, [&](Value row, ValueRange at) {
      filters.transformRow(chunk.filter, chunk.inBlocks, row);
      return products(at, chunk);
    });
  }

private:
  /// A row of positions from where `from` (input, sums, what to fetch) stands; returns where it then stands.
  Values products(ValueRange from, const WinogradChunk &chunk) {
    Values carried(from);
    carried.push_back(filters.scratch());
    carried = b.loop(b.constant(0), b.constant(n), 1, carried, [&](Value, ValueRange at) {
      fetch(at[2]);
      forEachTile([&](Value offset, int64_t columns) {
        registerTile(b.at(at[0], offset), at[3], b.at(at[1], offset), columns, chunk);
      });
      return Values{b.at(at[0], inputVectors * kLanes), b.at(at[1], sumVectors() * kLanes), b.at(at[2], fetchedFloats()),
                    b.at(at[3], filters.positionVectors() * kLanes)};
    });
    carried.pop_back();
    return carried;
  }

  /// Sums over the chunk's input channels for `columns` tiles and all output blocks.
  void registerTile(Value input, Value filter, Value to, int64_t columns, const WinogradChunk &chunk) {
    Values carried = {input, filter};
    carried.append(loadSums(to, columns, chunk.begun));
    carried = b.loop(b.constant(0), chunk.inBlocks, 1, carried, [&](Value, ValueRange inner) {
      Values values(inner), sources;
      for (int64_t block = 0; block < blocks; ++block)
        sources.push_back(b.at(inner[1], block * filters.blockVectors() * kLanes));
      for (int64_t channel = 0; channel < filters.channels(); ++channel)
        loadedStep(b, channel, columns, inner[0], sources, llvm::MutableArrayRef(values).drop_front(2));
      values[0] = b.at(inner[0], inBlockVectors() * kLanes);
      values[1] = b.at(inner[1], kLanes * kLanes);
      return values;
    });
    storeSums(ValueRange(carried).drop_front(2), to, columns);
  }

  WinogradFilters filters;
};

} // namespace

std::unique_ptr<WinogradProducts> skip::kernel::storedProducts(Builder &b, const WinogradConvSpec &spec) {
  return std::make_unique<StoredProducts>(b, spec);
}

// Winograd's minimal filtering F(m x m, r x r) for 3x3 convolutions of stride 1 and 2 and for stems of stride 2 (Lavin and
// Gray, "Fast Algorithms for Convolutional Neural Networks", 2016): a tile of m x m outputs costs (m + 2)^2 multiplications for
// each pair of channels instead of 9 m^2.
//
// Two steps share the work. The first writes the input transformed, B^T d B for every (m + 2) x (m + 2) window d, in the layout
// `winograd<m, group>`: with t the tile's number over all images, [t / group][C / 16][(m + 2)^2][group][16], where the vectors
// of a position are rounded up to an odd number (ir/plan/WinogradLayout.h). The second transforms the filter, G g G^T,
// multiplies at each of the (m + 2)^2 positions, and transforms back, A^T M A, into the ordinary blocked layout, with bias and
// epilogue. A group's tiles are the columns of its register tile.
//
// A k x k convolution of stride 2 is one of stride 1 over its phases: with r = (k + 1) / 2, output i takes 2 i + 2 t + p for t
// < r and p < 2, so that the rows (and columns) of one parity p meet every second tap. A blocked input (k = 3) becomes four
// windows of (m + 1)^2 positions for each block of channels, one after another: row phase, column phase. A planar input of up
// to four channels, the stem of a network, makes one block of 16 lanes: channel, row phase, column phase. F(m x m, r x r) works
// on it like on any other; taps beyond the k-th are zero.
#pragma once

#include "codegen/kernel/Epilogue.h"
#include "ir/plan/WinogradLayout.h"
#include "ir/plan/x86/Schedule.h"

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// Operands: input (blocked, or planar with `channels`; rows and columns that lie outside both picture and halo count as zero),
/// result (winograd). Domain: (images, input channel blocks of all copies, rows of tiles), split (1, 1, 1). Where there is more
/// than one group the kernel numbers an image's units by rows of tiles first, so that who computes a group's results finds its
/// windows.
struct WinogradInputSpec {
  int64_t tile = 4;        // m: such that there are 4 to 8 points
  int64_t group = 1;       // tiles that lie together
  plan::WinogradTaps taps; // of the convolution
  int64_t channels = 0;    // of a planar input (winogradPlanarChannels), or 0

  bool operator==(const WinogradInputSpec &) const = default;
};

struct WinogradInputParam {
  enum : unsigned {
    images,
    blocks,
    tileRows, // the domain
    tileColumns,
    rows,
    columns, // of the picture, without halo
    inImage,
    inBlock,
    inRow,   // strides in elements
    padding, // of the convolution; at most a blocked input's halo
    inBlocks,
    copyFloats, // from one copy of the result to the next
    count
  };
};

void emitWinogradInput(mlir::ModuleOp module, llvm::StringRef name, const WinogradInputSpec &spec);

/// Operands: transformed input, filter [oc/16][ic/16][3][3][16 ic][16 oc] (beside a planar input [oc/16][ic][k][k][16 oc]),
/// bias[oc] where `bias`, the epilogue's operands in chain order, result (blocked). The result may be the buffer of an added
/// operand with the same strides. Domain: (1, output channel blocks, tiles of all images), split (1, schedule.ocBlocks, group);
/// the kernel numbers its units in the order that reads less memory. With `fusedBlocks` the first operand is the input as
/// emitWinogradInput reads it, of so many channel blocks, the input's parameters are used, and a unit is a group of tiles of
/// all output channels: its windows are transformed in scratch memory. The schedule's columns and tails cover the group
/// exactly; its rows are the positions whose sums are in registers at a time: 1, or beside a blocked input 2 or all of a row.
struct WinogradConvSpec {
  int64_t tile = 4;
  int64_t group = 1;
  plan::WinogradTaps taps;
  int64_t channels = 0;
  int64_t fusedBlocks = 0;
  bool bias = false;
  Epilogue epilogue;
  int64_t lastLanes = 0; // as in ConvSpec
  plan::ConvSchedule schedule;

  bool operator==(const WinogradConvSpec &) const = default;
};

struct WinogradConvParam {
  enum : unsigned {
    one,
    outBlocks,
    tiles, // the domain
    tileRows,
    tileColumns, // of one image
    inBlocks,
    outRows,
    outColumns,
    outImage,
    outBlock,
    outRow,  // strides in elements
    outHalo, // rows and columns of zeros to write around each picture
    inRows,
    inColumns,
    inImage,
    inBlock,
    inRow,
    padding, // of a fused kernel's input, as in WinogradInputParam
    copies,
    copyFloats, // of the transformed input: the first units read the first copy
    count
  };
};

/// Of the `add`-th Add of the epilogue; `which` is 0 image, 1 block, 2 row stride.
constexpr unsigned winogradAddParam(unsigned add, unsigned which) { return WinogradConvParam::count + add * 3 + which; }

/// Output blocks that one unit computes: all of them where the kernel is fused.
constexpr int64_t winogradUnitBlocks(const WinogradConvSpec &spec) {
  return spec.fusedBlocks ? int64_t(1) << 31 : spec.schedule.ocBlocks;
}

void emitWinogradConv(mlir::ModuleOp module, llvm::StringRef name, const WinogradConvSpec &spec);

} // namespace skip::kernel

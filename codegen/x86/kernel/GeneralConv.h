// Direct convolutions of groups of channels, with strides, dilations and padding of each axis's own.
//
// Operands, in order: the input (blocked); the packed weights; bias[oc] where `bias`; the epilogue's operands in chain order;
// the result. The result may be the buffer of an added operand with the same strides. Domain: (images, output channel blocks,
// output rows), split (1, tile.blocks, 1).
#pragma once

#include "codegen/kernel/Epilogue.h"
#include "runtime/Abi.h"

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// How the channels of an output block meet those of the input.
enum class GroupForm {
  blocks, // groups are whole blocks of 16 on both sides, or there is one: weights [oc/16][ic/16][kh][kw][16][16]
  lanes,  // groups of 1, 2, 4 or 8 channels on both sides: an output block has the input block of its number,
          // weights [oc/16][i][kh][kw][16], i the channel of the group
  gather, // any others, weights as of lanes
};

/// What is in registers at a time: a row of `columns` output pixels by `blocks` blocks; what of a row remains is one tile of
/// `tail` columns.
struct GeneralTile {
  int64_t blocks = 1, columns = 1, tail = 0;

  bool operator==(const GeneralTile &) const = default;
};

struct GeneralConvSpec {
  GroupForm form = GroupForm::blocks;
  int64_t depth = 1; // channels of a group of the input; of the form `blocks` not used
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t strideRows = 1, strideColumns = 1;
  int64_t dilationRows = 1, dilationColumns = 1;
  bool bias = false;
  Epilogue epilogue;
  int64_t lastLanes = 0; // channels of the last output block where it is not full; 0 where it is
  GeneralTile tile;

  bool operator==(const GeneralConvSpec &) const = default;
};

/// Indexes of `params`; strides in elements. Those of the epilogue's tensors follow: image, block and row.
struct GeneralConvParam {
  enum : unsigned {
    images,
    outBlocks,
    outRows, // the domain
    outColumns,
    outImage,
    outBlock,
    outRow,
    outHalo, // rows and columns of zeros to write around each picture
    inBlocks,
    groupBlocks, // blocks: of a group's input and output
    groupOutputs,
    outChannels, // gather: output channels of a group, and of all
    inImage,
    inBlock,
    inRow,
    top,
    left, // padding, at most the input's halo
    count
  };
};

/// Of the epilogue's `add`-th tensor: which is 0 image, 1 block, 2 row.
constexpr unsigned generalAddParam(unsigned add, unsigned which) { return GeneralConvParam::count + add * 3 + which; }

/// Chooses the tile for rows of so many columns and groups of so many output blocks.
void chooseGeneralTile(GeneralConvSpec &spec, int64_t columns, int64_t groupBlocks, SkipIsa isa);

void emitGeneralConv(mlir::ModuleOp module, llvm::StringRef name, const GeneralConvSpec &spec);

} // namespace skip::kernel

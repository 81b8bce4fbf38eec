// Direct convolutions and linear layers: y = epilogue(sum over roots of conv(x, w) + bias).
//
// Operands, in order: for each root its input and its packed weights; bias[oc] where `bias`; the epilogue's operands in chain
// order; the result. The result may be the buffer of an added operand with the same strides.
// Domain: (images, output channel blocks, output rows), split (1, schedule.ocBlocks, schedule.rows), of Strassen's schedules
// (1, schedule.unitBlocks, schedule.rows). Within an image the kernel
// numbers its units in the order that reads less memory, so a unit's number says nothing of its rows.
#pragma once

#include "codegen/kernel/Epilogue.h"
#include "ir/plan/x86/Schedule.h"

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// One convolution that accumulates into the result. Weights are [oc/16][ic/16][kh][kw][16][16] beside a blocked input,
/// [oc/16][ic][kh][kw][16] beside a planar one.
struct ConvRoot {
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t stride = 1;
  bool planarInput = false;

  bool operator==(const ConvRoot &) const = default;
};

/// With `imagesAreColumns` the tile's columns are images: a linear layer, or a convolution whose output is one pixel. Then the
/// domain is (1, output blocks, 1), ConvParam::outColumns is n, the pixel strides are the image strides, and no halo is
/// written.
struct ConvSpec {
  llvm::SmallVector<ConvRoot, 2> roots; // one or two
  bool bias = false;
  Epilogue epilogue;
  int64_t lastLanes = 0; // channels of the last output block where it is not full; 0 where it is
  bool imagesAreColumns = false;
  plan::ConvSchedule schedule;
  plan::StrassenUnit strassen; // where the schedule is Strassen's

  bool operator==(const ConvSpec &) const = default;
};

/// Indexes of `params`; strides in elements. The roots' parameters follow at `convRootParam`, those of the epilogue's
/// tensors after.
struct ConvParam {
  enum : unsigned {
    images,
    outBlocks,
    outRows, // the domain
    outColumns,
    outImage,
    outBlock,
    outRow,
    outPixel, // strides; outPixel is 16 and not read unless imagesAreColumns
    outHalo,  // rows and columns of zeros to write around each picture
    count
  };
};

struct ConvRootParam {
  enum : unsigned {
    inBlocks, // blocks of 16 input channels; planar: channels
    inImage,
    inBlock,
    inRow,
    inPixel, // strides; inBlock is the channels' if planar; inPixel not read unless imagesAreColumns
    padding, // at most the input's halo
    count
  };
};

struct AddParam {
  enum : unsigned { image, block, row, pixel, count }; // strides; pixel not read unless imagesAreColumns
};

constexpr unsigned convRootParam(unsigned root, unsigned which) {
  return ConvParam::count + root * ConvRootParam::count + which;
}

/// Of the epilogue's `add`-th tensor.
constexpr unsigned convAddParam(unsigned roots, unsigned add, unsigned which) {
  return ConvParam::count + roots * ConvRootParam::count + add * AddParam::count + which;
}

/// Adds the function `name` to `module`. The spec must be sound: one or two roots, a schedule of positive sizes.
void emitConv(mlir::ModuleOp module, llvm::StringRef name, const ConvSpec &spec);

} // namespace skip::kernel

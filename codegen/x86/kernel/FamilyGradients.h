// Gradients of the wider family's operations: of general convolutions, average poolings, bilinear upsampling and reflection.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace skip::kernel {

/// How the filter of a general convolution lies, and its windows.
struct GeneralWindows {
  bool wholeBlocks = true; // filter16, of the blocks of a group; else filter1, of its channels
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t strideRows = 1, strideColumns = 1;
  int64_t dilationRows = 1, dilationColumns = 1;

  bool operator==(const GeneralWindows &) const = default;
};

/// The gradient of the input. Operands: dy (blocked), filter, result (blocked). Domain: (images, input channel blocks, rows of
/// the input), split (1, 1, 1).
struct GeneralGradInputSpec {
  GeneralWindows windows;

  bool operator==(const GeneralGradInputSpec &) const = default;
};

struct GeneralGradInputParam {
  enum : unsigned {
    images,
    inBlocks,
    inRows, // the domain
    inColumns,
    inChannels,
    outRows,
    outColumns,
    groupInputs,
    groupOutputs, // channels of a group
    dyImage,
    dyBlock,
    dyRow,
    outImage,
    outBlock,
    outRow,
    outHalo, // of the result: strides, and zeros to write around each picture
    top,
    left, // padding
    count
  };
};

void emitGeneralGradInput(mlir::ModuleOp module, llvm::StringRef name, const GeneralGradInputSpec &spec);

/// The gradient of the filter. Operands: dy, x (both blocked), result (laid out as the filter, zero in padding channels).
/// Domain: (output channel blocks, channels of a group's input, of whole blocks rounded up to them; taps), split (1, 1, 1).
struct GeneralGradFilterSpec {
  GeneralWindows windows;

  bool operator==(const GeneralGradFilterSpec &) const = default;
};

struct GeneralGradFilterParam {
  enum : unsigned {
    outBlocks,
    depth,
    taps, // the domain
    images,
    outRows,
    outColumns,
    inRows,
    inColumns,
    groupInputs,
    groupOutputs, // channels of a group
    outChannels,
    dyImage,
    dyBlock,
    dyRow,
    xImage,
    xBlock,
    xRow,
    top,
    left, // padding
    count
  };
};

void emitGeneralGradFilter(mlir::ModuleOp module, llvm::StringRef name, const GeneralGradFilterSpec &spec);

/// Of an average pooling. Operands: dy, result (both blocked). Domain: (images, blocks, rows of the result), split (1, 1, 1).
struct AvgPoolGradSpec {
  int64_t kernelHeight = 2, kernelWidth = 2, strideRows = 2, strideColumns = 2;
  bool includePad = false, sum = false;

  bool operator==(const AvgPoolGradSpec &) const = default;
};

struct AvgPoolGradParam {
  enum : unsigned {
    images,
    blocks,
    rows, // the domain
    columns,
    dyRows,
    dyColumns,
    dyImage,
    dyBlock,
    dyRow,
    outImage,
    outBlock,
    outRow,
    outHalo, // zeros to write around each picture
    top,
    left,
    bottom,
    right, // padding
    count
  };
};

void emitAvgPoolGrad(mlir::ModuleOp module, llvm::StringRef name, const AvgPoolGradSpec &spec);

/// Of a bilinear upsampling. Operands: dy, result (both blocked). Domain: (images, blocks, rows of the result), split (1, 1,
/// 1).
struct UpsampleGradSpec {
  int64_t factor = 2;

  bool operator==(const UpsampleGradSpec &) const = default;
};

struct UpsampleGradParam {
  enum : unsigned {
    images,
    blocks,
    rows, // the domain
    columns,
    dyImage,
    dyBlock,
    dyRow,
    outImage,
    outBlock,
    outRow,
    outHalo, // zeros to write around each picture
    count
  };
};

void emitUpsampleGrad(mlir::ModuleOp module, llvm::StringRef name, const UpsampleGradSpec &spec);

/// Of a padding by reflection. Operands: dy, result (both blocked). Domain: (images, blocks, rows of the result), split (1, 1,
/// 1).
struct ReflectPadGradSpec {
  bool operator==(const ReflectPadGradSpec &) const = default;
};

struct ReflectPadGradParam {
  enum : unsigned {
    images,
    blocks,
    rows, // the domain
    columns,
    dyImage,
    dyBlock,
    dyRow,
    outImage,
    outBlock,
    outRow,  // strides in elements
    outHalo, // zeros to write around each picture
    top,
    left,
    bottom,
    right, // padding
    count
  };
};

void emitReflectPadGrad(mlir::ModuleOp module, llvm::StringRef name, const ReflectPadGradSpec &spec);

} // namespace skip::kernel

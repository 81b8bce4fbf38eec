// What CUDA's kernels are made by: complete specifications, all sizes but the number of images compiled in.
//
// Activations are nhwc, so that a pixel's channels are whole vectors of 16 bytes, of which those that are no channels are
// zeros: read as such, and written so by each kernel. The caller's arrays are planar and f32; only Relayout touches them.
#pragma once

#include "codegen/kernel/Epilogue.h"
#include "ir/plan/Layout.h"
#include "ir/plan/cuda/MmaSchedule.h"
#include "ir/plan/cuda/WgmmaSchedule.h"
#include "runtime/Abi.h"

#include "mlir/IR/BuiltinOps.h"

#include <array>
#include <variant>

namespace skip::nvptx {

/// One image of an activation; a tensor [N, C] has one pixel.
struct Picture {
  int64_t channels = 1, height = 1, width = 1;
  plan::Element element = plan::Element::f32;

  int64_t lanes() const { return plan::lanesOf(plan::LayoutKind::nhwc, element); } // of a vector
  int64_t vectors() const { return (channels + lanes() - 1) / lanes(); }           // of a pixel
  int64_t pixelElements() const { return vectors() * lanes(); }                    // with those that are no channels
  int64_t pixels() const { return height * width; }
  int64_t elements() const { return pixels() * pixelElements(); } // as nhwc
  bool operator==(const Picture &) const = default;
};

/// One convolution, or linear layer, that accumulates into the result. Its filter is krsc, of the input's element.
struct GemmView {
  Picture input;
  int64_t kernelHeight = 1, kernelWidth = 1, stride = 1, padding = 0;

  bool operator==(const GemmView &) const = default;
};

/// Distance, in floats, from a pixel to the next where results lie in addends (LayoutKind::partial).
inline int64_t partialPixel(const Picture &picture) {
  return (picture.channels + plan::partialLanes - 1) / plan::partialLanes * plan::partialLanes;
}

/// On CUDA cores, tensor cores, or those of sm_90a by warp groups.
using Tile = std::variant<plan::GemmTile, plan::MmaTile, plan::WgmmaTile>;

/// result = epilogue(bias + sum over views of conv(input, filter)). Operands: for each view its input and filter; the bias
/// where there is one; the epilogue's in chain order; the result, which may lie where an added tensor does. Domain: (pixels of
/// all images, the result's channels rounded up to vectors, parts). With several `parts` each writes its share of the sums,
/// without an epilogue, as an addend in f32; the bias is in the first one. On tensor cores what is f32 is multiplied as tf32.
struct GemmSpec {
  llvm::SmallVector<GemmView, 2> views; // one or two
  Picture result;
  bool bias = false;
  kernel::Epilogue epilogue;
  int64_t parts = 1; // on tensor cores alone
  Tile tile;

  bool operator==(const GemmSpec &) const = default;
};

/// The taps of a window, and where it lies for a pixel of the result; what lies outside of the input does not count.
struct Window {
  int64_t kernelHeight = 1, kernelWidth = 1, strideRows = 1, strideColumns = 1, dilationRows = 1, dilationColumns = 1;
  int64_t top = 0, left = 0; // rows and columns of padding before the picture

  bool operator==(const Window &) const = default;
};

/// result = epilogue(bias + conv(input, filter)) with groups of channels. Operands: the input, its filter (krsc), the bias
/// where there is one, the epilogue's in chain order, the result. Domain: (vectors of the result, 1, 1).
struct GeneralConvSpec {
  Picture input, result;
  Window window;
  int64_t groups = 1;
  bool bias = false;
  kernel::Epilogue epilogue;

  bool operator==(const GeneralConvSpec &) const = default;
};

/// Operands: the input, the result. Domain: (vectors of the result, 1, 1).
struct MaxPoolSpec {
  Picture input, result;
  Window window;

  bool operator==(const MaxPoolSpec &) const = default;
};

/// As MaxPoolSpec. The sum is divided by the window's pixels in the picture, those in its padding as well, or 1.
struct AvgPoolSpec {
  enum class Divisor { pixels, withPadding, one };

  Picture input, result;
  Window window;
  int64_t bottom = 0, right = 0; // of padding
  Divisor divisor = Divisor::pixels;

  bool operator==(const AvgPoolSpec &) const = default;
};

/// Operands: the input, the result. Domain: (vectors of the result, 1, 1), a warp each.
struct GlobalAvgPoolSpec {
  Picture input;

  bool operator==(const GlobalAvgPoolSpec &) const = default;
};

/// Operands: the input, the chain's, the result, which may lie where one of the others does. Domain: (vectors, 1, 1). An input
/// of several `parts` is that many addends in f32, which are added up first.
struct ElementwiseSpec {
  Picture picture;
  kernel::Epilogue epilogue;
  int64_t parts = 1;

  bool operator==(const ElementwiseSpec &) const = default;
};

/// The same values from or to the caller's planar array, or both; then its element is f32. Domain: (vectors of the result;
/// planar: floats, 1, 1).
struct RelayoutSpec {
  Picture picture;
  bool fromPlanar = false, toPlanar = false;

  bool operator==(const RelayoutSpec &) const = default;
};

/// A vector of the picture's values in planar order. Domain: (vectors of the result, 1, 1).
struct FlattenSpec {
  Picture input;

  bool operator==(const FlattenSpec &) const = default;
};

/// The other way round. Domain: (vectors of the result, 1, 1).
struct UnflattenSpec {
  Picture result;

  bool operator==(const UnflattenSpec &) const = default;
};

/// Every stride-th row and column, with zero channels before and after, or those before channel -`before` and behind the
/// result's last left out. Domain: (vectors of the result, 1, 1).
struct PadChannelsSpec {
  Picture input, result;
  int64_t before = 0, stride = 1;

  bool operator==(const PadChannelsSpec &) const = default;
};

/// Operands: the inputs, the result. Domain: (vectors of the result, 1, 1).
struct ConcatSpec {
  llvm::SmallVector<Picture, 2> inputs;
  Picture result;

  bool operator==(const ConcatSpec &) const = default;
};

/// Domain: (vectors of the result, 1, 1).
struct UpsampleSpec {
  Picture input;
  int64_t factor = 1;
  bool bilinear = false;

  bool operator==(const UpsampleSpec &) const = default;
};

/// With `top` rows above and `left` columns to the left. Domain: (vectors of the result, 1, 1).
struct ReflectPadSpec {
  Picture input, result;
  int64_t top = 0, left = 0;

  bool operator==(const ReflectPadSpec &) const = default;
};

/// Operands: the input, the result, in f32 [N, C, 2, 1]. Domain: (vectors of the input's channels, 1, 1), a warp each.
struct MomentsSpec {
  Picture input;

  bool operator==(const MomentsSpec &) const = default;
};

/// Operands: the input, its moments, gamma, beta, the epilogue's in chain order, the result. Domain: (vectors of channels times
/// runs of pixels, 1, 1).
struct GroupNormSpec {
  static constexpr int64_t pixelsOfRun = 32; // that a thread normalises

  Picture picture;
  int64_t groups = 1;
  double epsilon = 0;
  kernel::Epilogue epilogue;

  int64_t runs() const { return (picture.pixels() + pixelsOfRun - 1) / pixelsOfRun; }
  bool operator==(const GroupNormSpec &) const = default;
};

/// Operands: the input, the logits, the result. Domain: (vectors of the result, 1, 1), a warp each.
struct AttentionPoolSpec {
  Picture input;

  bool operator==(const AttentionPoolSpec &) const = default;
};

/// Domain: (images, 1, 1), a warp each.
struct SoftmaxSpec {
  Picture scores; // of one pixel

  bool operator==(const SoftmaxSpec &) const = default;
};

using Family = std::variant<GemmSpec, GeneralConvSpec, MaxPoolSpec, AvgPoolSpec, GlobalAvgPoolSpec, AttentionPoolSpec,
                            ElementwiseSpec, RelayoutSpec, FlattenSpec, UnflattenSpec, PadChannelsSpec, ConcatSpec,
                            UpsampleSpec, ReflectPadSpec, MomentsSpec, GroupNormSpec, SoftmaxSpec>;

/// How a memory-bound kernel's domain is shared out: points a block, threads a point.
struct Blocks {
  int64_t points = 1, lanes = 1;

  bool operator==(const Blocks &) const = default;
};

/// A kernel. Kernels of equal specifications are one. On sm_90a it may be started before the one in front of it ends, and waits
/// for that itself.
struct Spec {
  SkipCudaColumn column = SKIP_CUDA_SM_80; // whose instructions it has
  Family family;
  llvm::SmallVector<bool, 4> isIndirect; // of each operand: whether it is an input or output of the model
  Blocks blocks;                         // where it is no Gemm

  bool operator==(const Spec &) const = default;
};

/// Threads of a block.
int64_t threadsOf(const Spec &spec);

/// Dynamic shared memory of a block.
int64_t sharedBytesOf(const Spec &spec);

/// Blocks along the first axis that are launched together.
int64_t clusterOf(const Spec &spec);

/// The tensor maps that the kernel takes, in their order.
llvm::SmallVector<SkipCudaMap> mapsOf(const Spec &spec);

/// How many domain points a block spans along each axis.
std::array<int64_t, 3> splitOf(const Spec &spec);

/// Adds the kernel `name` to `module`, whose context has the dialects of `loadKernelDialects`: upstream dialects alone. The
/// spec must be sound.
void emitKernel(mlir::ModuleOp module, llvm::StringRef name, const Spec &spec);

/// Loads the dialects that the emitters use: arith, scf, llvm, nvvm.
void loadKernelDialects(mlir::MLIRContext &context);

} // namespace skip::nvptx

// What the kernel families share, and one function a family.
#pragma once

#include "codegen/nvptx/kernel/Builder.h"
#include "codegen/nvptx/kernel/Spec.h"

namespace skip::nvptx {

/// The point of the domain that this thread's lanes compute, of `perImage` points an image: `body` runs where it exists.
void forPoint(Builder &b, const Blocks &blocks, int64_t perImage, llvm::function_ref<void(Value point)> body);

/// The chain's result for the values of one vector, or several, that lie `offset` elements into each tensor of the shape of
/// `result`, the first of them of channel `channel`. `operands` are the chain's.
Values applyChain(Builder &b, const kernel::Epilogue &chain, ValueRange operands, const Picture &result, Values values,
                  Value offset, Value channel);

/// Whether there is code for the operation in a chain; kernels with others are refused.
bool canApply(kernel::EpilogueOp op);

/// An activation of one lane; `slope` is prelu's.
Value applyActivation(Builder &b, const kernel::EpilogueStep &step, Value value, Value slope);

/// Zeros where a vector that begins with channel `channel` has no channels.
Values zeroPadding(Builder &b, Values values, Value channel, int64_t channels);

/// The exponential function, to about 2 units in the last place; NaN of NaN.
Value exponential(Builder &b, Value x);

/// The tensor maps of emitWgmma: of each view those of its input and its filter.
llvm::SmallVector<SkipCudaMap> wgmmaMaps(const GemmSpec &spec, const plan::WgmmaTile &tile);

/// The bodies of kernels. `operands` are pointers in the order of the specification.
void emitGemm(Builder &b, const GemmSpec &spec, const plan::GemmTile &tile, ValueRange operands);
void emitMma(Builder &b, const GemmSpec &spec, const plan::MmaTile &tile, ValueRange operands);
void emitWgmma(Builder &b, const GemmSpec &spec, const plan::WgmmaTile &tile, ValueRange operands, ValueRange maps);
void emitMaxPool(Builder &b, const MaxPoolSpec &spec, const Blocks &blocks, ValueRange operands);
void emitAvgPool(Builder &b, const AvgPoolSpec &spec, const Blocks &blocks, ValueRange operands);
void emitGlobalAvgPool(Builder &b, const GlobalAvgPoolSpec &spec, const Blocks &blocks, ValueRange operands);
void emitElementwise(Builder &b, const ElementwiseSpec &spec, const Blocks &blocks, ValueRange operands);
void emitRelayout(Builder &b, const RelayoutSpec &spec, const Blocks &blocks, ValueRange operands);
void emitFlatten(Builder &b, const FlattenSpec &spec, const Blocks &blocks, ValueRange operands);
void emitPadChannels(Builder &b, const PadChannelsSpec &spec, const Blocks &blocks, ValueRange operands);
void emitUnflatten(Builder &b, const UnflattenSpec &spec, const Blocks &blocks, ValueRange operands);
void emitConcat(Builder &b, const ConcatSpec &spec, const Blocks &blocks, ValueRange operands);
void emitUpsample(Builder &b, const UpsampleSpec &spec, const Blocks &blocks, ValueRange operands);
void emitReflectPad(Builder &b, const ReflectPadSpec &spec, const Blocks &blocks, ValueRange operands);
void emitMoments(Builder &b, const MomentsSpec &spec, const Blocks &blocks, ValueRange operands);
void emitGroupNorm(Builder &b, const GroupNormSpec &spec, const Blocks &blocks, ValueRange operands);
void emitAttentionPool(Builder &b, const AttentionPoolSpec &spec, const Blocks &blocks, ValueRange operands);
void emitGeneralConv(Builder &b, const GeneralConvSpec &spec, const Blocks &blocks, ValueRange operands);
void emitSoftmax(Builder &b, const SoftmaxSpec &spec, const Blocks &blocks, ValueRange operands);

} // namespace skip::nvptx

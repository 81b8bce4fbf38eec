// The sum of the kernel families: one dispatch for each question that is put to all of them.
#include "codegen/x86/kernel/Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/ADT/STLExtras.h"

using namespace skip;
using namespace skip::kernel;

using Split = std::array<int64_t, 3>;

namespace {
/// Of families of which a unit is a point.
template <typename... Specs> struct ByPoints {
  template <typename Spec>
    requires(std::is_same_v<Spec, Specs> || ...)
  Split operator()(const Spec &) const {
    return {1, 1, 1};
  }
};
} // namespace

Split kernel::splitOf(const Spec &spec) {
  return std::visit(
      llvm::makeVisitor(
          [](const ConvSpec &conv) -> Split {
            return {1, conv.schedule.unitBlocks ? conv.schedule.unitBlocks : conv.schedule.ocBlocks, conv.schedule.rows};
          },
          [](const TransposedConvSpec &conv) -> Split { return {1, conv.schedule.ocBlocks, conv.schedule.rows}; },
          [](const GeneralConvSpec &conv) -> Split { return {1, conv.tile.blocks, 1}; },
          [](const WinogradConvSpec &conv) -> Split { return {1, winogradUnitBlocks(conv), conv.group}; },
          [](const GradFilterSpec &gradient) -> Split {
            return {gradient.unit.outBlocks, gradient.unit.inBlocks, gradient.unitScalars()};
          },
          [](const WinogradGradFilterSpec &gradient) -> Split { return {gradient.outBlocks, gradient.inBlocks, 1}; },
          ByPoints<WinogradInputSpec, MaxPoolSpec, GlobalAvgPoolSpec, ElementwiseSpec, RelayoutSpec, PadChannelsSpec,
                   SoftmaxSpec, MomentsSpec, GradSumsSpec, MergeMomentsSpec, MergeGradSumsSpec, SumPartsSpec, ChannelSumsSpec,
                   SpreadSpec, TransposeFilterSpec, MaxPoolGradSpec, GlobalAvgPoolGradSpec, CrossEntropySpec,
                   CrossEntropyGradSpec, SoftmaxGradSpec, DropoutSpec, AvgPoolSpec, ConcatSpec, UpsampleSpec,
                   GeneralGradInputSpec, GeneralGradFilterSpec, AvgPoolGradSpec, UpsampleGradSpec, GroupNormSpec,
                   AttentionPoolSpec, ReflectPadSpec, ReflectPadGradSpec>()),
      spec);
}

void kernel::emitKernel(mlir::ModuleOp module, llvm::StringRef name, const Spec &spec) {
  std::visit(llvm::makeVisitor([&](const ConvSpec &s) { emitConv(module, name, s); },
                               [&](const TransposedConvSpec &s) { emitTransposedConv(module, name, s); },
                               [&](const WinogradInputSpec &s) { emitWinogradInput(module, name, s); },
                               [&](const WinogradConvSpec &s) { emitWinogradConv(module, name, s); },
                               [&](const MaxPoolSpec &s) { emitMaxPool(module, name, s); },
                               [&](const GlobalAvgPoolSpec &s) { emitGlobalAvgPool(module, name, s); },
                               [&](const ElementwiseSpec &s) { emitElementwise(module, name, s); },
                               [&](const RelayoutSpec &s) { emitRelayout(module, name, s); },
                               [&](const PadChannelsSpec &s) { emitPadChannels(module, name, s); },
                               [&](const SoftmaxSpec &s) { emitSoftmax(module, name, s); },
                               [&](const MomentsSpec &s) { emitMoments(module, name, s); },
                               [&](const GradSumsSpec &s) { emitGradSums(module, name, s); },
                               [&](const MergeMomentsSpec &s) { emitMergeMoments(module, name, s); },
                               [&](const MergeGradSumsSpec &s) { emitMergeGradSums(module, name, s); },
                               [&](const GradFilterSpec &s) { emitGradFilter(module, name, s); },
                               [&](const WinogradGradFilterSpec &s) { emitWinogradGradFilter(module, name, s); },
                               [&](const SumPartsSpec &s) { emitSumParts(module, name, s); },
                               [&](const ChannelSumsSpec &s) { emitChannelSums(module, name, s); },
                               [&](const SpreadSpec &s) { emitSpread(module, name, s); },
                               [&](const TransposeFilterSpec &s) { emitTransposeFilter(module, name, s); },
                               [&](const MaxPoolGradSpec &s) { emitMaxPoolGrad(module, name, s); },
                               [&](const GlobalAvgPoolGradSpec &s) { emitGlobalAvgPoolGrad(module, name, s); },
                               [&](const CrossEntropySpec &s) { emitCrossEntropy(module, name, s); },
                               [&](const CrossEntropyGradSpec &s) { emitCrossEntropyGrad(module, name, s); },
                               [&](const SoftmaxGradSpec &s) { emitSoftmaxGrad(module, name, s); },
                               [&](const DropoutSpec &s) { emitDropout(module, name, s); },
                               [&](const GeneralConvSpec &s) { emitGeneralConv(module, name, s); },
                               [&](const AvgPoolSpec &s) { emitAvgPool(module, name, s); },
                               [&](const ConcatSpec &s) { emitConcat(module, name, s); },
                               [&](const UpsampleSpec &s) { emitUpsample(module, name, s); },
                               [&](const GeneralGradInputSpec &s) { emitGeneralGradInput(module, name, s); },
                               [&](const GeneralGradFilterSpec &s) { emitGeneralGradFilter(module, name, s); },
                               [&](const AvgPoolGradSpec &s) { emitAvgPoolGrad(module, name, s); },
                               [&](const UpsampleGradSpec &s) { emitUpsampleGrad(module, name, s); },
                               [&](const GroupNormSpec &s) { emitGroupNorm(module, name, s); },
                               [&](const AttentionPoolSpec &s) { emitAttentionPool(module, name, s); },
                               [&](const ReflectPadSpec &s) { emitReflectPad(module, name, s); },
                               [&](const ReflectPadGradSpec &s) { emitReflectPadGrad(module, name, s); }),
             spec);
}

void kernel::loadKernelDialects(mlir::MLIRContext &context) {
  context.loadDialect<mlir::arith::ArithDialect, mlir::LLVM::LLVMDialect, mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
}

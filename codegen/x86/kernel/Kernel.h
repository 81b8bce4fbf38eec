// Any kernel: the sum of the families.
#pragma once

#include "codegen/x86/kernel/BatchNorm.h"
#include "codegen/x86/kernel/ChannelSums.h"
#include "codegen/x86/kernel/Conv.h"
#include "codegen/x86/kernel/CrossEntropy.h"
#include "codegen/x86/kernel/Dropout.h"
#include "codegen/x86/kernel/Elementwise.h"
#include "codegen/x86/kernel/FamilyGradients.h"
#include "codegen/x86/kernel/GeneralConv.h"
#include "codegen/x86/kernel/GradFilter.h"
#include "codegen/x86/kernel/GroupNorm.h"
#include "codegen/x86/kernel/Movement.h"
#include "codegen/x86/kernel/Pool.h"
#include "codegen/x86/kernel/PoolGradients.h"
#include "codegen/x86/kernel/Softmax.h"
#include "codegen/x86/kernel/TransposedConv.h"
#include "codegen/x86/kernel/Winograd.h"

#include <array>
#include <variant>

namespace skip::kernel {

using Spec = std::variant<ConvSpec, TransposedConvSpec, WinogradInputSpec, WinogradConvSpec, MaxPoolSpec, GlobalAvgPoolSpec,
                          ElementwiseSpec, RelayoutSpec, PadChannelsSpec, SoftmaxSpec, MomentsSpec, GradSumsSpec,
                          MergeMomentsSpec, MergeGradSumsSpec, GradFilterSpec, WinogradGradFilterSpec, SumPartsSpec,
                          ChannelSumsSpec, SpreadSpec, TransposeFilterSpec, MaxPoolGradSpec, GlobalAvgPoolGradSpec,
                          CrossEntropySpec, CrossEntropyGradSpec, SoftmaxGradSpec, DropoutSpec, GeneralConvSpec, AvgPoolSpec,
                          ConcatSpec, UpsampleSpec, GeneralGradInputSpec, GeneralGradFilterSpec, AvgPoolGradSpec,
                          UpsampleGradSpec, GroupNormSpec, AttentionPoolSpec, ReflectPadSpec, ReflectPadGradSpec>;

/// How many domain points a work unit spans along each axis.
std::array<int64_t, 3> splitOf(const Spec &spec);

/// Adds the function `name` to `module`, whose context has the dialects of `loadKernelDialects`. The function is of type
/// SkipKernelFn (runtime/Abi.h), holds only upstream dialects, and carries no target attributes yet.
void emitKernel(mlir::ModuleOp module, llvm::StringRef name, const Spec &spec);

/// Loads the dialects that the emitters use: arith, scf, vector, llvm.
void loadKernelDialects(mlir::MLIRContext &context);

} // namespace skip::kernel

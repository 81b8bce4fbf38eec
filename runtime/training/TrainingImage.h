// What a training library has beside its model: the plan of one group's gradients, and where the state lies that it reads.
//
// The state is one array of floats. Kernels read and write its first four parts, by SKIP_SEGMENT_STATE:
//
//   | decayed parameters | other parameters | running statistics | gradients of the parameters | statistics of the group |
//   0          decayedBytes       parameterBytes        gradientOffset                 groupOffset              stateBytes
//
// Parameters lie as the kernels read them (SkipLoad.layout); the gradient of the one at `offset` lies at gradientOffset +
// offset, in the same layout, so that gradients and whatever else an optimizer keeps are ranges of one form. What is padding in
// a layout is zero in parameters and in gradients.
#pragma once

#include "runtime/Abi.h"

// A batch norm's mean or variance over a group, which the kernels leave at `group`, and the running statistic at `running`:
// running += momentum * (group - running), element for element, in the order of the table, which may name a running statistic
// twice, where layers share it. The variance is the unbiased one (of one element: the running variance itself).
typedef struct SkipStatistic {
  uint64_t running, group; // byte offsets in the state, 64-byte aligned
  uint64_t bytes;
} SkipStatistic;

// The root of a training library's second half. Its model's inputs are those of the inference model, then `labels`, [n] of
// int32; its outputs `loss`, [1], the mean over the n images of a group, and the logits. Its tensors are the inference model's,
// in the same order. What no load of `state` names is frozen: it is in the load table of the target, folded as in inference.
typedef struct SkipTrainingImage {
  SkipModelImage model; // one target; its variants' bounds are group sizes
  uint32_t stateCount, statisticCount;
  const SkipLoad
      *state; // one for each parameter and running statistic: a conv_weight of `source` alone, or a vector of `bias` alone
  const SkipStatistic *statistics;
  uint64_t decayedBytes, parameterBytes, gradientOffset, groupOffset, stateBytes;
} SkipTrainingImage;

#ifdef __cplusplus
extern "C" {
#endif
// Defined once in each training library by codegen; local to it after linking.
extern const SkipTrainingImage skipTrainingImage;
#ifdef __cplusplus
}
#endif

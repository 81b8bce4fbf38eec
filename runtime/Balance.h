// Factors that make unlike channels alike where an algorithm adds them up.
//
// Strassen's products (codegen/x86/kernel/Strassen.cpp) add an input channel k to another, k', and an output channel j to
// another, j'. Where k is a thousand times the size of k', and its weights a thousandth, a sum of the two loses what k' would
// have given: its rounding error is that of the larger. Multiplied by powers of two until both count alike, and divided by them
// again in the end, nothing else about the result changes, not even its rounding.
//
// A filter's unlikeness need not be a product of a size for each input channel and one for each output channel. Where an
// output's own weights are small at many inputs beside what the sums bring there, or few of them are all that counts, sums
// would lose what a direct convolution keeps. A flag behind the factors says so, and the kernel computes a direct one.
#pragma once

#include "runtime/Abi.h"

#include <stdint.h>

namespace skip::runtime {

/// Floats that the factors of a filter take.
constexpr int64_t balanceFloats(int64_t outBlocks, int64_t inBlocks) { return (inBlocks + 2 * outBlocks + 1) * SKIP_LANES; }

/// Where among them the flag is: 0 if the filter can be balanced, else 1.
constexpr int64_t unlikeFlag(int64_t outBlocks, int64_t inBlocks) { return (inBlocks + 2 * outBlocks) * SKIP_LANES; }

/// Writes behind a packed 1x1 filter [outBlocks][inBlocks][16 ic][16 oc] its factors, all of them powers of two: for each input
/// channel [inBlocks * 16] what the second of a pair is multiplied by, and at the first of it the reciprocal; for each output
/// channel its size [outBlocks * 16], and the reciprocals; then a block of 16 that begins with the flag. Pairs are as far apart
/// as `halfBlocks` blocks, in chunks of twice as many; inBlocks is a multiple of that. So many `inputs` and `outputs` exist.
/// `inputSizes` [inputs] is what is known of the inputs' sizes, or null.
void balanceFilter(float *filter, int64_t outBlocks, int64_t inBlocks, int64_t halfBlocks, int64_t inputs, int64_t outputs,
                   const double *inputSizes);

} // namespace skip::runtime

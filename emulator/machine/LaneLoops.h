// How loops over the 32 lanes of a warp are made vectors.
#pragma once

// In front of a loop whose turns do not touch what others write: places of registers are the same or apart, so a lane's result
// never is another lane's operand. The compiler must not unroll such a loop first: what comes of that is 32 times the code of
// one lane.
#if defined(__clang__)
#define SKIP_LANES _Pragma("clang loop vectorize(assume_safety) unroll(disable)")
#else
#define SKIP_LANES _Pragma("GCC ivdep")
#endif

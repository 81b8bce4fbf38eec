// A folder of candidates for GPUs, which another machine measures, with a manifest of what each is.
//
//   {"skip-candidates": 2, "compiler": "skip 0.1.0 kernels 1 llvm 22", "candidates": [
//     {"library": "candidate-1.so", "bytes": 67304, "hash": "8ad1f50e20bc1fd3",
//      "problem": "conv2d 3x3/1 p1 64->64 56x56 n1 nhwc bf16", "choice": "mma 64x64x64/2x2*3"}]}
//
// By its size and its hash (FileHash.h) a library is known to be whole before it is loaded.
#pragma once

#include "ir/plan/Plan.h"
#include "ir/plan/cuda/Tuning.h"

#include "llvm/Support/Error.h"

#include <functional>
#include <set>
#include <string>

namespace skip::tool {

/// What a machine with a GPU may be sent.
inline constexpr uint64_t mostCandidateBytes = uint64_t(64) << 20;
inline constexpr const char *candidateManifest = "candidates.json";

struct CandidateFolder {
  int64_t candidates = 0;
  uint64_t bytes = 0;
};

/// Compiles what is worth measuring of each problem, on so many threads, and makes the folder of it: whole, or on an error or
/// an interruption not at all. An error where it is there and not empty, or where all would take more than mostCandidateBytes.
/// `onWritten` is called for each candidate. They are for every GPU from sm_80 on, or for sm_90a alone.
llvm::Expected<CandidateFolder> writeCandidates(const std::string &folder, const std::set<plan::CudaProblem> &problems,
                                                plan::Architecture architecture, unsigned threads,
                                                const std::function<void()> &onWritten);

} // namespace skip::tool

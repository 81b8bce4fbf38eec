// What lies in a folder of candidates, as `skipc tune --compile-only` wrote it down (tools/tuning/CandidateFolder.h).
#pragma once

#include "ir/plan/cuda/Tuning.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skip::timing {

struct Entry {
  std::string library; ///< a file in the folder
  uint64_t bytes;      ///< its size
  std::string hash;    ///< tools/tuning/FileHash.h
  plan::CudaProblem problem;
  plan::CudaChoice choice;
};

struct Manifest {
  std::string compiler;
  std::vector<Entry> entries; ///< candidates of one problem stand together
};

inline constexpr const char *manifestName = "candidates.json";

/// Bytes that a manifest may have: a folder of 64 MiB has far fewer.
inline constexpr size_t mostManifestBytes = size_t(16) << 20;

/// Throws what is wrong. What it returns is sound: libraries are names without folders, choices legal for their problems, each
/// once, and problems of sizes that a candidate can have; and there is one entry at least.
Manifest readManifest(std::string_view text);

} // namespace skip::timing

// Which objects a library for GPUs holds beside its kernels' text, and who makes them.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace skip::tool {

/// Code for the GPUs of --gpu-arch, and what makes it.
struct ObjectOptions {
  std::vector<std::string> architectures; ///< such as sm_80; empty: none
  std::vector<std::string> kinds;         ///< --gpu-code: of object and ptx; empty: object
  std::string ptxas;                      ///< a path; empty: that of PATH, or of CUDA_HOME
};

/// One of --gpu-arch: its number, and whether it is sm_90a, which has kernels of its own.
struct GpuArchitecture {
  uint32_t number = 80;
  bool hasOwn = false;

  auto operator<=>(const GpuArchitecture &) const = default;
};

/// Those of --gpu-arch, ascending; an error for what is no architecture that can run the kernels, or stands there twice.
llvm::Expected<std::vector<GpuArchitecture>> architecturesOf(const ObjectOptions &options);

/// Whether objects are asked for, and whether text of sm_90a's own kernels is.
bool makesObjects(const ObjectOptions &options);
bool makesText(const ObjectOptions &options);

/// An error where the options do not fit each other, such as text for an architecture that has none of its own.
llvm::Error checkObjects(const ObjectOptions &options);

/// Whether one of them is sm_90a.
llvm::Expected<bool> wantsSm90a(const ObjectOptions &options);

/// The assembler's path; an error says where it was looked for.
llvm::Expected<std::string> findAssembler(const ObjectOptions &options);

} // namespace skip::tool

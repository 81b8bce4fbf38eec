// Which objects a library for GPUs holds beside its kernels' text, and who makes them.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace skip::tool {

/// Objects of --gpu-arch, and what makes them.
struct ObjectOptions {
  std::vector<std::string> architectures; ///< such as sm_80; empty: none
  std::string ptxas;                      ///< a path; empty: that of PATH, or of CUDA_HOME
};

/// The numbers of --gpu-arch, ascending; an error for what is no architecture that can run the text, or stands there twice.
llvm::Expected<std::vector<unsigned>> architecturesOf(const ObjectOptions &options);

/// The assembler's path; an error says where it was looked for.
llvm::Expected<std::string> findAssembler(const ObjectOptions &options);

} // namespace skip::tool

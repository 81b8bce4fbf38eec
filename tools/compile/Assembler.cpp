#include "tools/compile/Assembler.h"

#include "ir/plan/Plan.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <cstdlib>

using namespace skip;

llvm::Expected<std::vector<unsigned>> tool::architecturesOf(const ObjectOptions &options) {
  constexpr unsigned least = static_cast<unsigned>(plan::Architecture::sm_80), most = 255; // the runtime's table of names
  std::vector<unsigned> numbers;
  for (llvm::StringRef name : options.architectures) {
    unsigned number = 0;
    if (!name.starts_with("sm_") || name.drop_front(3).getAsInteger(10, number) || number < least || number > most)
      return badInput("--gpu-arch: `" + name + "` is no GPU's architecture from sm_80 on, such as sm_80 or sm_90");
    if (llvm::is_contained(numbers, number))
      return badInput("--gpu-arch names `" + name + "` twice");
    numbers.push_back(number);
  }
  llvm::sort(numbers);
  return numbers;
}

llvm::Expected<std::string> tool::findAssembler(const ObjectOptions &options) {
  if (!options.ptxas.empty())
    return llvm::sys::fs::can_execute(options.ptxas)
               ? options.ptxas
               : llvm::Expected<std::string>(badInput("--ptxas: there is no program `" + options.ptxas + "`"));
  if (llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName("ptxas"))
    return *found;
  if (const char *home = std::getenv("CUDA_HOME"); home && *home) {
    llvm::SmallString<128> path(home);
    llvm::sys::path::append(path, "bin", "ptxas");
    if (llvm::sys::fs::can_execute(path))
      return path.str().str();
  }
  return badInput("--gpu-arch needs NVIDIA's assembler, and there is no `ptxas` in PATH or in CUDA_HOME/bin: --ptxas names "
                  "one; without --gpu-arch the driver compiles the kernels when a model is created");
}

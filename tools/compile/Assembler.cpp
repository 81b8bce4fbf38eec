#include "tools/compile/Assembler.h"

#include "ir/plan/Plan.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <cstdlib>

using namespace skip;

llvm::Expected<std::vector<tool::GpuArchitecture>> tool::architecturesOf(const ObjectOptions &options) {
  constexpr auto least = static_cast<uint32_t>(plan::Architecture::sm_80), most = uint32_t(255); // the runtime's table of names
  std::vector<GpuArchitecture> found;
  for (llvm::StringRef name : options.architectures) {
    GpuArchitecture architecture;
    llvm::StringRef digits = name;
    architecture.hasOwn = name == plan::stringifyArchitecture(plan::Architecture::sm_90a) && digits.consume_back("a");
    if (!digits.consume_front("sm_") || digits.starts_with("0") || digits.getAsInteger(10, architecture.number) ||
        architecture.number < least || architecture.number > most)
      return badInput(
          "--gpu-arch: code is made for sm_80 and later GPUs' architectures, such as sm_90, and for sm_90a, not for `" + name +
          "`");
    if (llvm::is_contained(found, architecture))
      return badInput("--gpu-arch names `" + name + "` twice");
    found.push_back(architecture);
  }
  llvm::sort(found);
  return found;
}

bool tool::makesObjects(const ObjectOptions &options) {
  return !options.architectures.empty() && (options.kinds.empty() || llvm::is_contained(options.kinds, "object"));
}

bool tool::makesText(const ObjectOptions &options) { return llvm::is_contained(options.kinds, "ptx"); }

llvm::Expected<bool> tool::wantsSm90a(const ObjectOptions &options) {
  llvm::Expected<std::vector<GpuArchitecture>> all = architecturesOf(options);
  if (!all)
    return all.takeError();
  return llvm::any_of(*all, [](const GpuArchitecture &each) { return each.hasOwn; });
}

llvm::Error tool::checkObjects(const ObjectOptions &options) {
  llvm::Expected<std::vector<GpuArchitecture>> all = architecturesOf(options);
  if (!all)
    return all.takeError();
  if (!options.kinds.empty() && all->empty())
    return badInput("--gpu-code says what to make for the GPUs of --gpu-arch, which is not there");
  if (!options.ptxas.empty() && all->empty())
    return badInput("--ptxas says what makes objects for the GPUs of --gpu-arch, which is not there");
  if (!options.ptxas.empty() && !makesObjects(options))
    return badInput("--ptxas says what makes objects, and --gpu-code names none");
  auto hasOwn = [](const GpuArchitecture &each) { return each.hasOwn; };
  if (makesText(options) && !(makesObjects(options) ? llvm::any_of(*all, hasOwn) : llvm::all_of(*all, hasOwn)))
    return badInput(
        "--gpu-code=ptx is for sm_90a, whose kernels are its own: the text that all other GPUs run is there in any case");
  return llvm::Error::success();
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
  return badInput(
      "--gpu-arch needs NVIDIA's assembler, and there is no `ptxas` in PATH or in CUDA_HOME/bin: --ptxas names "
      "one; without --gpu-arch, or of sm_90a with --gpu-code=ptx, the driver compiles the kernels when a model is created");
}

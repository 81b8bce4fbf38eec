#include "emulator/driver/Code.h"

#include "emulator/driver/Report.h"
#include "emulator/driver/Streams.h"

#include <algorithm>
#include <cstring>

namespace skip::driver {

/// What images that hold machine code begin with: an ELF file, a fat binary, and the structure that names one.
static constexpr std::string_view kBinaries[] = {"\x7f"
                                                 "ELF",
                                                 "\x50\xed\x55\xba", "\xb1\x43\x62\x46"};

static bool isBinary(const char *image) {
  return std::any_of(std::begin(kBinaries), std::end(kBinaries),
                     [&](std::string_view magic) { return std::strncmp(image, magic.data(), magic.size()) == 0; });
}

namespace {
struct KnownPtx {
  int driver, ptx;
};
} // namespace
static constexpr KnownPtx kKnownPtx[] = {{11060, 76}, {11070, 77}, {11080, 78}, {12000, 80}, {12010, 81},
                                         {12020, 82}, {12030, 83}, {12040, 84}, {12050, 85}, {12070, 86},
                                         {12080, 87}, {12090, 88}, {13000, 90}, {13010, 91}};

int newestPtx(int driverVersion) {
  int newest = kKnownPtx[0].ptx;
  for (KnownPtx known : kKnownPtx)
    if (known.driver <= driverVersion)
      newest = known.ptx;
  return newest;
}

/// The text after leading blanks and comments.
static std::string_view firstDirective(std::string_view ptx) {
  while (true) {
    ptx.remove_prefix(std::min(ptx.find_first_not_of(" \t\r\n"), ptx.size()));
    size_t end = ptx.starts_with("//") ? ptx.find('\n') : ptx.starts_with("/*") ? ptx.find("*/", 2) : ptx.npos;
    if (!ptx.starts_with("//") && !ptx.starts_with("/*"))
      return ptx;
    ptx.remove_prefix(end == ptx.npos ? ptx.size() : end + 1 + ptx.starts_with("/*"));
  }
}

int ptxVersion(std::string_view ptx) {
  int major = 0, minor = 0;
  std::string head(firstDirective(ptx).substr(0, 40));
  return std::sscanf(head.c_str(), ".version %3d.%3d", &major, &minor) == 2 ? 10 * major + minor : 0;
}

/// One of the two logs, which a buffer and its size name. The size becomes the count of characters.
static void fillLog(const JitOptions &options, JitOption bufferOption, JitOption sizeOption, const std::string &text) {
  char *buffer = nullptr;
  void **sizeValue = nullptr;
  for (unsigned i = 0; i < options.count; ++i) {
    if (options.options[i] == bufferOption)
      buffer = static_cast<char *>(options.values[i]);
    if (options.options[i] == sizeOption)
      sizeValue = &options.values[i];
  }
  if (!buffer || !sizeValue)
    return;
  size_t room = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(*sizeValue)),
         filled = room == 0 ? 0 : std::min(text.size(), room - 1);
  if (room > 0) {
    std::memcpy(buffer, text.data(), filled);
    buffer[filled] = 0;
  }
  *sizeValue = reinterpret_cast<void *>(filled);
}

static void fillLogs(const JitOptions &options, const std::string &errors) {
  fillLog(options, JitOption::errorLogBuffer, JitOption::errorLogBufferSizeBytes, errors);
  fillLog(options, JitOption::infoLogBuffer, JitOption::infoLogBufferSizeBytes, "");
}

static Result failJit(const JitOptions &options, Result result, const std::string &text) {
  fillLogs(options, text);
  return refuse(result, text);
}

Result moduleOn(Code &code, DeviceState &device, emulator::Module *&module) {
  size_t ordinal = static_cast<size_t>(device.ordinal);
  if (code.modules.size() <= ordinal)
    code.modules.resize(ordinal + 1);
  if (!code.modules[ordinal]) {
    auto loaded = emulator::Module::load(code.ptx, device.architecture, device.memory);
    if (std::holds_alternative<emulator::PtxError>(loaded))
      return Result::outOfMemory; // the code is good, it was loaded before: its variables find no room
    code.modules[ordinal] = std::move(std::get<0>(loaded));
  }
  module = code.modules[ordinal].get();
  return Result::success;
}

static bool areOptionsValid(const JitOptions &options) { return options.count == 0 || (options.options && options.values); }

static std::string versionText(int version) { return std::to_string(version / 10) + "." + std::to_string(version % 10); }

Result loadCode(const void *image, const JitOptions &options, ContextState *context, std::shared_ptr<Code> &code) {
  if (!image || !areOptionsValid(options))
    return Result::invalidValue;
  DeviceState &device = context ? context->device : *state().devices.front();
  auto *text = static_cast<const char *>(image);
  if (isBinary(text))
    return failJit(options, Result::noBinaryForGpu, "the image is machine code, which this emulator does not run: give it PTX");
  std::string_view start = firstDirective(text);
  if (!start.starts_with('.'))
    return failJit(options, Result::invalidImage, "the image is neither PTX nor machine code");
  int version = ptxVersion(text), newest = newestPtx(state().knobs.driverVersion);
  if (version > newest)
    return failJit(options, Result::unsupportedPtxVersion,
                   "ptxas fatal   : Unsupported .version " + versionText(version) + "; current version is '" +
                       versionText(newest) + "'");
  auto loaded = emulator::Module::load(text, device.architecture, device.memory);
  if (auto *error = std::get_if<emulator::PtxError>(&loaded))
    return failJit(options, Result::invalidPtx,
                   "ptxas application ptx input, line " + std::to_string(error->line) + "; error   : " + error->text);
  code = std::make_shared<Code>();
  code->ptx = text;
  code->modules.resize(static_cast<size_t>(device.ordinal) + 1);
  code->modules[static_cast<size_t>(device.ordinal)] = std::move(std::get<0>(loaded));
  code->kernels = code->modules[static_cast<size_t>(device.ordinal)]->kernels();
  fillLogs(options, "");
  return Result::success;
}

Result findKernel(std::map<std::string, Function, std::less<>> &kernels, const std::shared_ptr<Code> &code, const char *name,
                  Function &function) {
  if (auto known = kernels.find(std::string_view(name)); known != kernels.end()) {
    function = known->second;
    return Result::success;
  }
  for (size_t i = 0; i < code->kernels.size(); ++i)
    if (code->kernels[i].name == name) {
      auto kernel = std::make_unique<KernelState>();
      kernel->code = code;
      kernel->index = i;
      kernel->maxDynamicShared = std::max(0, static_cast<int>(state().knobs.architecture.sharedBytesPerBlock) -
                                                 static_cast<int>(kernel->info().staticSharedBytes));
      function = state().kernels.add(std::move(kernel));
      kernels.emplace(name, function);
      return Result::success;
    }
  return Result::notFound;
}

} // namespace skip::driver

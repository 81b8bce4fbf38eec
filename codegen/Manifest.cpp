// Writes the manifest as JSON, with the size and SHA-256 of each file.
#include "codegen/Manifest.h"

#include "support/SystemError.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"

#include <nlohmann/json.hpp>

#include <future>

using Json = nlohmann::ordered_json;

namespace skip::codegen {

static const char *const isaNames[SKIP_ISA_COUNT] = {"avx2", "avx512"};

static Json portsOf(const std::vector<Port> &ports) {
  Json list = Json::array();
  for (const Port &port : ports)
    list.push_back({{"name", port.name}, {"type", "float32"}, {"dims", port.dims}});
  return list;
}

/// The ISAs for which every kernel of every variant was built.
static Json isasOf(const Image &image) {
  Json list = Json::array();
  for (int isa = 0; isa < SKIP_ISA_COUNT; ++isa) {
    bool complete = true;
    for (const Variant &variant : image.variants)
      for (const Kernel &kernel : variant.kernels)
        complete &= !kernel.symbols[isa].empty();
    if (complete)
      list.push_back(isaNames[isa]);
  }
  return list;
}

static Json batchesOf(const Image &image) {
  Json list = Json::array();
  for (const Variant &variant : image.variants)
    list.push_back({{"batch", variant.extents.empty() ? 0 : variant.extents.front().bound},
                    {"workspaceBytes", variant.workspaceBytes},
                    {"steps", variant.steps.size()},
                    {"kernels", variant.kernels.size()}});
  return list;
}

static Json weightsOf(const Image &image, const std::string &mode) {
  ImageView view(image);
  Json tensors = Json::array();
  for (const Tensor &tensor : image.tensors)
    tensors.push_back({{"name", tensor.name}, {"dims", tensor.dims}});
  return {{"mode", mode},
          {"bytes", image.weightsBytes},
          {"fingerprint", llvm::utohexstr(view.get().loadFingerprint, /*LowerCase=*/true, /*Width=*/16)},
          {"tensors", std::move(tensors)}};
}

static llvm::Expected<Json> describeFile(const ManifestFile &file) {
  auto buffer = llvm::MemoryBuffer::getFile(file.path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError(buffer.getError(), describeSystemError("read back", file.name, buffer.getError().value()));
  llvm::StringRef bytes = (*buffer)->getBuffer();
  auto sum = llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes));
  return Json{{"name", file.name}, {"bytes", bytes.size()}, {"sha256", llvm::toHex(sum, /*LowerCase=*/true)}};
}

/// Libraries with embedded weights take their time, so the files are read side by side, as far as there are threads.
static llvm::Expected<Json> describeFiles(const std::vector<ManifestFile> &files) {
  std::vector<std::future<llvm::Expected<Json>>> pending;
  for (const ManifestFile &file : files)
    pending.push_back(std::async(std::launch::async | std::launch::deferred, describeFile, std::cref(file)));
  Json list = Json::array();
  llvm::Error failures = llvm::Error::success();
  for (std::future<llvm::Expected<Json>> &file : pending) {
    llvm::Expected<Json> described = file.get();
    if (described)
      list.push_back(std::move(*described));
    else if (failures)
      llvm::consumeError(described.takeError()); // the first is enough
    else
      failures = described.takeError();
  }
  if (failures)
    return failures;
  return list;
}

llvm::Expected<std::string> manifestText(const Image &image, const std::string &weights,
                                         const std::vector<ManifestFile> &files) {
  llvm::Expected<Json> described = describeFiles(files);
  if (!described)
    return described.takeError();
  Json root = {{"name", image.name},
               {"compiler", image.compiler},
               {"abiVersion", SKIP_ABI_VERSION},
               {"target", "x86_64-linux"},
               {"isas", isasOf(image)},
               {"inputs", portsOf(image.inputs)},
               {"outputs", portsOf(image.outputs)},
               {"batches", batchesOf(image)},
               {"weights", weightsOf(image, weights)},
               {"files", std::move(*described)}};
  return root.dump(2) + "\n";
}

} // namespace skip::codegen

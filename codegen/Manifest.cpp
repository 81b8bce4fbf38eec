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

static Json portsOf(const std::vector<Port> &ports) {
  Json list = Json::array();
  for (const Port &port : ports)
    list.push_back({{"name", port.name}, {"type", port.element == SKIP_PORT_I32 ? "int32" : "float32"}, {"dims", port.dims}});
  return list;
}

static std::vector<std::string> isasOf(const TargetImage &target) {
  std::vector<const X86Kernels *> tables;
  for (const Variant &variant : target.variants)
    tables.push_back(&std::get<X86Kernels>(variant.kernels));
  return builtIsas(tables);
}

/// What the target is, and what its code is made for.
static Json machineOf(const TargetImage &target) {
  if (target.target == SKIP_TARGET_X86)
    return {{"target", "x86_64-linux"}, {"isas", isasOf(target)}};
  Json codes = Json::array();
  for (const Code &code : target.codes)
    codes.push_back({{"architecture", "sm_" + std::to_string(code.architecture)},
                     {"kind", code.isText ? "ptx" : "cubin"},
                     {"bytes", code.bytes.size()}});
  return {{"target", "cuda"}, {"codes", std::move(codes)}};
}

static Json batchesOf(const TargetImage &target) {
  Json list = Json::array();
  for (const Variant &variant : target.variants)
    list.push_back({{"batch", variant.extents.empty() ? 0 : variant.extents.front().bound},
                    {"workspaceBytes", variant.workspaceBytes},
                    {"steps", variant.steps.size()},
                    {"kernels", std::visit([](const auto &kernels) { return kernels.size(); }, variant.kernels)}});
  return list;
}

static Json targetsOf(const Image &image) {
  ImageView view(image);
  Json list = Json::array();
  for (size_t i = 0; i < image.targets.size(); ++i) {
    const TargetImage &target = image.targets[i];
    uint64_t fingerprint = view.get().targets[i].loadFingerprint;
    Json entry = machineOf(target);
    entry["batches"] = batchesOf(target);
    entry["weights"] = {{"bytes", target.weightsBytes},
                        {"fingerprint", llvm::utohexstr(fingerprint, /*LowerCase=*/true, /*Width=*/16)}};
    list.push_back(std::move(entry));
  }
  return list;
}

static Json tensorsOf(const Image &image) {
  Json list = Json::array();
  for (const Tensor &tensor : image.tensors)
    list.push_back({{"name", tensor.name}, {"dims", tensor.dims}});
  return list;
}

static Json trainingOf(const TrainingImage &training) {
  return {{"inputs", portsOf(training.model.inputs)},
          {"outputs", portsOf(training.model.outputs)},
          {"groups", batchesOf(training.model.targets.front())},
          {"parameterBytes", training.parameterBytes},
          {"decayedBytes", training.decayedBytes},
          {"recipe", training.recipe}};
}

static llvm::Expected<Json> describeFile(const ManifestFile &file) {
  auto buffer = llvm::MemoryBuffer::getFile(file.path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError(buffer.getError(), describeSystemError("read back", file.name, buffer.getError().value()));
  llvm::StringRef bytes = (*buffer)->getBuffer();
  auto sum = llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes));
  return Json{{"name", file.name}, {"bytes", bytes.size()}, {"sha256", llvm::toHex(sum, /*LowerCase=*/true)}};
}

using Described = std::future<llvm::Expected<Json>>;

/// Libraries with embedded weights take their time, so the files are read side by side, as far as there are threads.
static std::vector<Described> startDescribing(const std::vector<ManifestFile> &files) {
  std::vector<Described> pending;
  for (const ManifestFile &file : files)
    pending.push_back(std::async(std::launch::async | std::launch::deferred, describeFile, std::cref(file)));
  return pending;
}

static llvm::Expected<Json> collect(std::vector<Described> pending) {
  Json list = Json::array();
  llvm::Error failures = llvm::Error::success();
  for (Described &file : pending) {
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

llvm::Expected<std::string> manifestText(const Image &image, const TrainingImage *training, const std::string &weights,
                                         const std::vector<ManifestFile> &files) {
  std::vector<Described> pending = startDescribing(files);
  Json root = {{"name", image.name},
               {"compiler", image.compiler},
               {"abiVersion", SKIP_ABI_VERSION},
               {"inputs", portsOf(image.inputs)},
               {"outputs", portsOf(image.outputs)},
               {"targets", targetsOf(image)},
               {"weights", {{"mode", weights}, {"tensors", tensorsOf(image)}}}};
  if (training)
    root["training"] = trainingOf(*training);
  llvm::Expected<Json> described = collect(std::move(pending));
  if (!described)
    return described.takeError();
  root["files"] = std::move(*described);
  return root.dump(2) + "\n";
}

} // namespace skip::codegen

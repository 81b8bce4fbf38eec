// Writes the manifest as JSON, with the size and SHA-256 of each file.
#include "codegen/Manifest.h"

#include "codegen/Constants.h"
#include "codegen/LoadTableText.h"
#include "codegen/TargetTable.h"
#include "support/SystemError.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"

#include <nlohmann/json.hpp>

using Json = nlohmann::ordered_json;

namespace skip::codegen {

static Json portsOf(const std::vector<Port> &ports) {
  Json list = Json::array();
  for (const Port &port : ports)
    list.push_back({{"name", port.name}, {"type", port.element == SKIP_PORT_I32 ? "int32" : "float32"}, {"dims", port.dims}});
  return list;
}

static Json numbersOf(const float *values, size_t count, bool isDeviation) {
  Json list = Json::array();
  for (size_t i = 0; i < count; ++i) // as their shortest text has them
    list.push_back(Json::parse(numberText(isDeviation && values[i] == 0 ? 1 : values[i])));
  return list;
}

/// What the spec declares.
static Json pictureOf(const SkipPicture &picture, const Port &port) {
  Json entry = {{"channels", picture.channels}, {"height", port.dims[2]}, {"width", port.dims[3]}};
  if (picture.resize[1] > 0)
    entry["resize"] = {picture.resize[0], picture.resize[1]};
  else if (picture.resize[0] > 0)
    entry["resize"] = picture.resize[0];
  if (picture.crop > 0)
    entry["crop"] = picture.crop;
  entry["filter"] = picture.filter == SKIP_FILTER_BICUBIC ? "bicubic" : "bilinear";
  entry["mean"] = numbersOf(picture.mean, picture.channels, false);
  entry["std"] = numbersOf(picture.deviation, picture.channels, true);
  return entry;
}

static Json inputsOf(const Image &image) {
  Json list = portsOf(image.inputs);
  for (size_t i = 0; i < list.size(); ++i) {
    list[i]["index"] = i;
    if (i < image.pictures.size() && image.pictures[i].channels > 0)
      list[i]["picture"] = pictureOf(image.pictures[i], image.inputs[i]);
  }
  return list;
}

static Json outputsOf(const Image &image) {
  Json list = portsOf(image.outputs);
  for (size_t i = 0; i < list.size(); ++i) {
    list[i]["index"] = i;
    if (image.outputs[i].dims.size() == 2)
      list[i]["classes"] = image.outputs[i].dims[1];
    if (!image.outputs[i].classes.empty())
      list[i]["classNames"] = image.outputs[i].classes;
  }
  return list;
}

static std::vector<std::string> isasOf(const TargetImage &target) {
  std::vector<const X86Kernels *> tables;
  for (const Variant &variant : target.variants)
    tables.push_back(&std::get<X86Kernels>(variant.kernels));
  return builtIsas(tables);
}

static Json codesOf(const TargetImage &target) {
  Json codes = Json::array();
  for (const Code &code : target.codes)
    codes.push_back(
        {{"architecture", architectureOf(code)}, {"kind", code.isText ? "ptx" : "cubin"}, {"bytes", code.bytes.size()}});
  return codes;
}

/// What the target is, and what its code is made for.
static Json machineOf(const TargetImage &target) {
  Json machine;
  machine["target"] = entryOf(target.target).platform.str();
  switch (target.target) {
  case SKIP_TARGET_X86:
    machine["isas"] = isasOf(target);
    return machine;
  case SKIP_TARGET_CUDA:
    machine["codes"] = codesOf(target);
    return machine;
  }
  llvm_unreachable("a target whose code is not described");
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

template <typename Entry> static Json linesOf(const std::vector<Entry> &entries) {
  Json list = Json::array();
  for (const Entry &entry : entries)
    list.push_back(lineOf(entry));
  return list;
}

/// How the segment is made of a checkpoint: `skipc pack` goes by it.
static Json weightsOf(const TargetImage &target, uint64_t fingerprint) {
  return {{"bytes", target.weightsBytes}, {"fingerprint", llvm::utohexstr(fingerprint, /*LowerCase=*/true, /*Width=*/16)},
          {"loadColumns", loadColumns},   {"loads", linesOf(target.loads)},
          {"normColumns", normColumns},   {"norms", linesOf(target.norms)}};
}

static Json targetsOf(const Image &image) {
  ImageView view(image);
  Json list = Json::array();
  for (size_t i = 0; i < image.targets.size(); ++i) {
    const TargetImage &target = image.targets[i];
    Json entry = machineOf(target);
    entry["batches"] = batchesOf(target);
    entry["weights"] = weightsOf(target, view.get().targets[i].loadFingerprint);
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

static llvm::Expected<FileSums::Sum> sumOf(std::string name, const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return llvm::createStringError(buffer.getError(), describeSystemError("read back", name, buffer.getError().value()));
  llvm::StringRef bytes = (*buffer)->getBuffer();
  auto sum = llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes));
  return FileSums::Sum{std::move(name), bytes.size(), llvm::toHex(sum, /*LowerCase=*/true)};
}

/// Where no thread can be had, the file is read in collect().
void FileSums::add(std::string name, std::string path) {
  pending.push_back(std::async(std::launch::async | std::launch::deferred, sumOf, std::move(name), std::move(path)));
}

llvm::Expected<std::vector<FileSums::Sum>> FileSums::collect() {
  std::vector<Sum> sums;
  llvm::Error failures = llvm::Error::success();
  for (std::future<llvm::Expected<Sum>> &file : pending) {
    llvm::Expected<Sum> sum = file.get();
    if (sum)
      sums.push_back(std::move(*sum));
    else if (failures)
      llvm::consumeError(sum.takeError()); // the first is enough
    else
      failures = sum.takeError();
  }
  if (failures)
    return failures;
  return sums;
}

/// Names of classes are bytes of the spec; JSON is UTF-8.
static std::string textOf(const Json &json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

std::string modelText(const Image &image, const TrainingImage *training, const std::string &weights) {
  Json root = {{"name", image.name},
               {"compiler", image.compiler},
               {"abiVersion", SKIP_ABI_VERSION},
               {"inputs", inputsOf(image)},
               {"outputs", outputsOf(image)},
               {"targets", targetsOf(image)},
               {"weights", {{"mode", weights}, {"tensors", tensorsOf(image)}}}};
  if (training)
    root["training"] = trainingOf(*training);
  return textOf(root);
}

llvm::Expected<std::string> manifestText(std::string model, FileSums &files) {
  llvm::Expected<std::vector<FileSums::Sum>> sums = files.collect();
  if (!sums)
    return sums.takeError();
  Json list = Json::array();
  for (const FileSums::Sum &sum : *sums)
    list.push_back({{"name", sum.name}, {"bytes", sum.bytes}, {"sha256", sum.sha256}});
  model.resize(model.size() - llvm::StringRef("\n}").size()); // the files are its last entry
  return model + "," + textOf({{"files", std::move(list)}}).substr(llvm::StringRef("{").size()) + "\n";
}

} // namespace skip::codegen

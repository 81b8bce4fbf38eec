// Checkpoints, from disk or made up. A PyTorch file is told by its content and turned into a safetensors file in memory.
#include "tools/weights/WeightsSource.h"

#include "ir/graph/Graph.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/PackedFile.h"
#include "tools/text/Failure.h"
#include "tools/weights/Checkpoint.h"
#include "tools/weights/RandomWeights.h"
#include "tools/weights/pytorch/Image.h"
#include "tools/weights/pytorch/TorchFile.h"

#include <cstring>

using namespace skip;
using tool::WeightsSource;

llvm::Expected<WeightsSource> WeightsSource::open(llvm::StringRef text, mlir::func::FuncOp model) {
  WeightsSource source;
  source.name = text.str();
  if (llvm::StringRef seed = text; seed.consume_front("random:")) {
    uint64_t number = 0;
    if (seed.getAsInteger(10, number))
      return badInput("`" + text + "`: the seed must be a whole number, as in random:1");
    source.memory = randomWeights(model, number);
    return source;
  }
  std::vector<llvm::StringRef> names;
  for (auto parameter : model->getParentOfType<mlir::ModuleOp>().getOps<graph::ParameterOp>())
    names.push_back(parameter.getSymName());
  if (llvm::Error error = source.openFile(names))
    return error;
  return source;
}

llvm::Expected<WeightsSource> WeightsSource::openFile(llvm::StringRef path) {
  WeightsSource source;
  source.name = path.str();
  if (llvm::Error error = source.openFile(std::nullopt))
    return error;
  return source;
}

llvm::Error WeightsSource::openFile(std::optional<llvm::ArrayRef<llvm::StringRef>> model) {
  file = std::make_unique<runtime::MappedFile>();
  if (file->open(name.c_str()) != SKIP_OK)
    return badInput(runtime::lastErrorText());
  llvm::StringRef bytes(static_cast<const char *>(data()), size());
  if (!pytorch::TorchFile::looksLike(bytes))
    return llvm::Error::success();
  llvm::Expected<pytorch::Image> image = pytorch::readImage(bytes, name, model);
  if (!image)
    return image.takeError();
  note(image->note);
  memory = std::move(image->safetensors);
  file.reset();
  return llvm::Error::success();
}

llvm::Expected<codegen::Segment> WeightsSource::pack(const codegen::Image &image, size_t target) const {
  llvm::StringRef bytes(static_cast<const char *>(data()), size());
  if (!runtime::isPacked(data(), size())) {
    llvm::Expected<codegen::Segment> segment = codegen::packCheckpoint(image, target, bytes, name);
    return segment ? std::move(segment) : badInput(llvm::toString(segment.takeError()));
  }
  codegen::ImageView view(image);
  if (runtime::checkPacked(view.get(), view.get().targets[target], data(), size(), name.c_str()) != SKIP_OK)
    return badInput(runtime::lastErrorText());
  size_t length = image.targets[target].weightsBytes;
  auto *memory = static_cast<char *>(runtime::allocateAligned(length));
  if (!memory)
    return internalError("weights", "no memory for " + llvm::Twine(length) + " bytes");
  std::memcpy(memory, bytes.data() + sizeof(runtime::PackedHeader), length);
  return codegen::Segment(memory, length);
}

llvm::Error WeightsSource::check(const codegen::Image &image) const {
  codegen::ImageView view(image);
  if (runtime::isPacked(data(), size()))
    return runtime::checkPacked(view.get(), view.get().targets[0], data(), size(), name.c_str()) == SKIP_OK
               ? llvm::Error::success()
               : badInput(runtime::lastErrorText());
  llvm::Expected<Checkpoint> checkpoint = Checkpoint::open(*this, image);
  return checkpoint ? llvm::Error::success() : checkpoint.takeError();
}

void WeightsSource::tellForgiven() const {
  runtime::LoadSummary summary;
  if (runtime::isPacked(data(), size()) || runtime::readSummary(data(), size(), name.c_str(), summary) != SKIP_OK)
    return;
  if (summary.strippedPrefix)
    note("`" + name + "`: the prefix `module.` was stripped from all names");
  if (summary.ignoredTensors)
    note("`" + name + "`: " + llvm::Twine(summary.ignoredTensors) +
         " tensors that inference has no use for were ignored (`num_batches_tracked`, `optimizer.*`)");
}

// Checkpoints, from disk or made up. A PyTorch file is told by its content and turned into a safetensors file in memory.
#include "tools/weights/WeightsSource.h"

#include "ir/graph/Graph.h"
#include "runtime/Error.h"
#include "runtime/Memory.h"
#include "runtime/PackedFile.h"
#include "support/Printable.h"
#include "tools/text/Failure.h"
#include "tools/weights/Checkpoint.h"
#include "tools/weights/Checksum.h"
#include "tools/weights/Foreign.h"
#include "tools/weights/Metadata.h"
#include "tools/weights/RandomWeights.h"
#include "tools/weights/pytorch/Image.h"
#include "tools/weights/pytorch/TorchFile.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

#include <cstring>

using namespace skip;
using tool::WeightsSource;

/// The parameters that outputs need, in the order in which the model reads them.
static std::vector<tool::NamedShape> tensorsOf(mlir::func::FuncOp model) {
  llvm::SetVector<mlir::Operation *> needed;
  needed.insert(model.getBody().front().getTerminator());
  for (size_t i = 0; i < needed.size(); ++i)
    for (mlir::Value operand : needed[i]->getOperands())
      if (mlir::Operation *made = operand.getDefiningOp())
        needed.insert(made);
  std::vector<tool::NamedShape> tensors;
  llvm::StringSet<> known;
  for (auto read : model.getOps<graph::ReadParameterOp>()) {
    auto type = llvm::cast<mlir::RankedTensorType>(read.getResult().getType());
    if (needed.contains(read) && known.insert(read.getParameter()).second)
      tensors.push_back({read.getParameter().str(), llvm::SmallVector<int64_t, 4>(type.getShape())});
  }
  return tensors;
}

llvm::Expected<WeightsSource> WeightsSource::open(llvm::StringRef text, mlir::func::FuncOp model, const NamingOptions &naming) {
  llvm::StringRef seed = text;
  if (!seed.consume_front("random:"))
    return openNamed(text, model.getName(), tensorsOf(model), naming);
  WeightsSource source;
  source.name = text.str();
  uint64_t number = 0;
  if (seed.getAsInteger(10, number))
    return badInput("`" + text + "`: the seed must be a whole number, as in random:1");
  source.memory = randomWeights(model, number);
  return source;
}

llvm::Expected<WeightsSource> WeightsSource::openNamed(llvm::StringRef path, llvm::StringRef modelName,
                                                       llvm::ArrayRef<NamedShape> tensors, const NamingOptions &naming) {
  llvm::Expected<WeightsSource> opened = openFile(path);
  if (!opened)
    return opened.takeError();
  WeightsSource &source = *opened;
  if (runtime::isPacked(source.data(), source.size())) // of this model, or check() says so
    return opened;
  llvm::StringRef bytes(static_cast<const char *>(source.data()), source.size());
  llvm::Expected<Named> named = meetNames(bytes, path, modelName, tensors, naming, source.others);
  if (!named)
    return named.takeError();
  if (llvm::Expected<Metadata> metadata = readMetadata({bytes.data(), bytes.size()}, path.str()))
    source.classes = classNamesIn(*metadata);
  else
    llvm::consumeError(metadata.takeError()); // tensors are what matters, and their names may be no UTF-8
  for (const std::string &done : named->notes)
    note("`" + printable(path) + "`: " + done);
  if (!named->file.empty()) {
    source.memory = std::move(named->file);
    source.file.reset();
  }
  return opened;
}

llvm::Expected<WeightsSource> WeightsSource::openFile(llvm::StringRef path) {
  WeightsSource source;
  source.name = path.str();
  if (llvm::Error error = source.openFile())
    return error;
  return source;
}

/// By the brace behind the length of its header.
static bool isSafetensors(llvm::StringRef bytes) {
  constexpr size_t headerBegin = 8;
  return bytes.size() > headerBegin && bytes[headerBegin] == '{';
}

llvm::Error WeightsSource::openFile() {
  file = std::make_unique<runtime::MappedFile>();
  if (file->open(name.c_str()) != SKIP_OK)
    return badInput(runtime::lastErrorText());
  llvm::StringRef bytes(static_cast<const char *>(data()), size());
  if (isSafetensors(bytes) || runtime::isPacked(data(), size()))
    return verifyChecksum(bytes, name).takeError();
  if (!pytorch::TorchFile::looksLike(bytes))
    return refuseForeign(bytes, name);
  llvm::Expected<pytorch::Image> image = pytorch::readImage(bytes, name);
  if (!image)
    return image.takeError();
  note(image->note);
  memory = std::move(image->safetensors);
  others = std::move(image->unreadable);
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
  if (summary.ignoredTensors)
    note("`" + name + "`: " + llvm::Twine(summary.ignoredTensors) +
         (summary.ignoredTensors == 1 ? " tensor that inference has no use for was ignored"
                                      : " tensors that inference has no use for were ignored") +
         " (`num_batches_tracked`, `optimizer.*`)");
}

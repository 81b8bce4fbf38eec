// A checkpoint to start from becomes a whole one, with fresh values in the places that are to be fresh; so what is missing in
// all other places is an error like any other.
#include "tools/training/Start.h"

#include "runtime/Error.h"
#include "runtime/Safetensors.h"
#include "support/Printable.h"
#include "support/SystemError.h"
#include "tools/data/File.h"
#include "tools/text/Failure.h"
#include "tools/training/Hash.h"
#include "tools/weights/Checksum.h"
#include "tools/weights/SafetensorsWriter.h"

#include <filesystem>

using namespace skip;
using tool::Trainer;
using tool::TrainingMemory;

llvm::Error tool::startFresh(Trainer &trainer, uint64_t seed) { return trainer.init(seed); }

static bool isBelow(llvm::StringRef name, llvm::StringRef label) {
  return name == label || (name.starts_with(label) && name.substr(label.size()).starts_with("."));
}

static bool isFresh(llvm::StringRef name, llvm::ArrayRef<std::string> labels) {
  return llvm::any_of(labels, [&](const std::string &label) { return isBelow(name, label); });
}

static llvm::Error checkLabels(const codegen::Image &image, const tool::FreshLabels &fresh) {
  for (const std::string &label : fresh.labels)
    if (llvm::none_of(image.tensors, [&](const codegen::Tensor &tensor) { return isBelow(tensor.name, label); }))
      return tool::badInput("--fresh " + label + ": no parameter of the model has this label",
                            "`" + fresh.listing + "` lists them");
  return llvm::Error::success();
}

static llvm::Error parse(runtime::Safetensors &tensors, llvm::ArrayRef<char> file, const std::string &path) {
  if (tensors.parse(file.data(), file.size(), path.c_str()) == SKIP_OK)
    return llvm::Error::success();
  return tool::badInput(printableLines(runtime::lastErrorText()));
}

/// Of nn.DataParallel, as the runtime forgives it.
static void stripPrefix(runtime::Safetensors &tensors) {
  constexpr llvm::StringLiteral prefix = "module.";
  for (size_t i = 0; i < tensors.count(); ++i)
    if (!llvm::StringRef(tensors[i].name).starts_with(prefix))
      return;
  tensors.stripPrefix(prefix.size());
}

static void addTensor(tool::SafetensorsWriter &writer, const runtime::FileTensor &tensor) {
  writer.add(tensor.name, llvm::ArrayRef(tensor.dims, static_cast<size_t>(tensor.rank)), tensor.typeName,
             llvm::StringRef(reinterpret_cast<const char *>(tensor.data), static_cast<size_t>(tensor.bytes)));
}

llvm::Error tool::startFrom(Trainer &trainer, const codegen::Image &image, uint64_t seed, llvm::ArrayRef<char> checkpoint,
                            const std::string &path, const FreshLabels &fresh) {
  if (llvm::Error error = checkLabels(image, fresh))
    return error;
  if (llvm::Error error = trainer.init(seed))
    return error;
  llvm::Expected<std::string> initial = trainer.saveToMemory();
  if (!initial)
    return initial.takeError();
  runtime::Safetensors given, drawn;
  if (llvm::Error error = parse(given, checkpoint, path))
    return error;
  if (llvm::Error error = parse(drawn, *initial, path))
    return error;
  stripPrefix(given);
  SafetensorsWriter whole;
  for (size_t i = 0; i < given.count(); ++i)
    if (llvm::StringRef name = given[i].name; !isFresh(name, fresh.labels) && !name.starts_with("optimizer."))
      addTensor(whole, given[i]);
  for (size_t i = 0; i < drawn.count(); ++i)
    if (isFresh(drawn[i].name, fresh.labels))
      addTensor(whole, drawn[i]);
  return trainer.load(whole.finish(), path);
}

static llvm::ArrayRef<char> charsOf(const std::vector<uint8_t> &bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

namespace {
/// A checkpoint's bytes, and what it says of the training.
struct Saved {
  std::vector<uint8_t> bytes;
  tool::Metadata metadata;
  tool::ChecksumState checksum;
};
} // namespace

llvm::Expected<bool> tool::isThere(const std::string &path) {
  std::error_code code;
  std::filesystem::file_status status = std::filesystem::status(path, code);
  if (status.type() == std::filesystem::file_type::not_found)
    return false;
  if (status.type() == std::filesystem::file_type::none)
    return badInput(describeSystemError("look for", path, code.value()));
  if (!std::filesystem::is_regular_file(status))
    return badInput("`" + path + "` is no file");
  return true;
}

/// What is written since there are checksums names its validation set, too.
static bool shouldHaveChecksum(const tool::Metadata &metadata) {
  return llvm::any_of(metadata, [](const auto &text) { return text.first == "validation"; });
}

static llvm::Expected<Saved> readSaved(const std::string &path) {
  std::string problem;
  std::optional<std::vector<uint8_t>> bytes = data::readFile(path, problem);
  if (!bytes)
    return tool::badInput(problem);
  llvm::Expected<tool::Metadata> metadata = tool::readMetadata(charsOf(*bytes), path);
  if (!metadata)
    return metadata.takeError();
  llvm::Expected<tool::ChecksumState> checksum = tool::verifyChecksum(llvm::toStringRef(*bytes), path);
  if (!checksum)
    return checksum.takeError();
  if (*checksum == tool::ChecksumState::Absent && shouldHaveChecksum(*metadata))
    return tool::badInput("`" + path +
                          "` is damaged, or another program changed it: it was written with a checksum, and has none");
  return Saved{std::move(*bytes), std::move(*metadata), *checksum};
}

llvm::Expected<TrainingMemory> tool::startAgain(Trainer &trainer, const std::string &path, const TrainingIdentity &identity) {
  llvm::Expected<Saved> saved = readSaved(path);
  if (!saved)
    return saved.takeError();
  llvm::Expected<TrainingMemory> memory = resumeFrom(saved->metadata, identity, path);
  if (!memory)
    return memory.takeError();
  if (llvm::Error error = trainer.load(charsOf(saved->bytes), path))
    return error;
  for (const std::string &text : resumeNotes(saved->metadata, identity, path))
    note(text);
  if (saved->checksum == ChecksumState::Absent)
    note("`" + path + "` has no checksum: that its values are those that were written is not checked");
  return *memory;
}

static llvm::Expected<tool::BestScore> readBestScore(const std::string &path, const tool::TrainingIdentity &identity) {
  llvm::Expected<bool> there = tool::isThere(path);
  if (!there)
    return there.takeError();
  if (!*there)
    return tool::BestScore();
  llvm::Expected<Saved> saved = readSaved(path);
  if (!saved)
    return saved.takeError();
  if (llvm::Error error = tool::resumeFrom(saved->metadata, identity, path).takeError())
    return error;
  return tool::bestScoreIn(saved->metadata);
}

llvm::Expected<tool::BestScore> tool::bestScoreOf(const std::string &path, const TrainingIdentity &identity) {
  llvm::Expected<BestScore> score = readBestScore(path, identity);
  if (score)
    return score;
  return llvm::handleErrors(score.takeError(), [](const Failure &failure) {
    std::string what = failure.findings.empty() ? failure.text : failure.findings.front().message; // without its own advice
    return badInput(what, "delete or rename it: --resume goes on without it, and the next evaluation writes a new one");
  });
}

std::string tool::planOf(const codegen::TrainingImage &image, llvm::StringRef isa) {
  Hash hash;
  for (const codegen::Variant &variant : image.model.targets.front().variants) {
    for (const SkipSection &section : variant.sections)
      for (int64_t number : {int64_t{section.firstStep}, int64_t{section.stepCount}, section.images})
        hash.add(number);
    const auto &kernels = std::get<codegen::X86Kernels>(variant.kernels);
    for (const codegen::Step &step : variant.steps) {
      hash.add(step.name);
      hash.add(kernels[step.kernel].name);
      for (const SkipParam &param : step.params)
        hash.add(param.value);
    }
  }
  return image.model.compiler + ", " + isa.str() + ", " + hash.text();
}

std::string tool::networkOf(llvm::StringRef graph) {
  Hash hash;
  hash.add(graph);
  return hash.text();
}

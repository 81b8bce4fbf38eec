// Calls of the C API, with their statuses turned into errors.
#include "tools/training/Trainer.h"

#include "support/AtomicFile.h"
#include "support/AvailableMemory.h"
#include "tools/text/Failure.h"
#include "tools/text/Numbers.h"
#include "tools/weights/Checksum.h"

using namespace skip;
using tool::Trainer;

llvm::Expected<std::unique_ptr<Trainer>> Trainer::open(const loaded::LoadedModel &library, const Shape &shape) {
  std::unique_ptr<Trainer> trainer(new Trainer(library, shape));
  if (llvm::Error error = trainer->create())
    return error;
  return trainer;
}

skip_trainer_options Trainer::trainerOptions() const {
  skip_trainer_options options{};
  options.max_group = sizes.groupImages;
  options.groups = sizes.groups;
  options.pool = pool.get();
  return options;
}

static std::string sizeOf(uint64_t bytes) {
  constexpr double mebi = 1 << 20, gibi = 1 << 30;
  auto size = static_cast<double>(bytes);
  return size < gibi ? tool::fixed(size / mebi, 1) + " MiB" : tool::fixed(size / gibi, 1) + " GiB";
}

/// The system gives memory that it has not, and ends processes when it is used.
llvm::Error Trainer::checkMemory() const {
  Bytes each = bytes();
  uint64_t inputs = each.input * static_cast<uint64_t>(sizes.heldInputs), needed = each.state + each.workspace + inputs;
  std::optional<AvailableMemory> there = availableMemory();
  if (!there || needed <= there->bytes)
    return llvm::Error::success();
  return badInput("a training in groups of " + llvm::Twine(sizes.groupImages) + " images takes " + sizeOf(needed) +
                      " of memory (state " + sizeOf(each.state) + ", workspace " + sizeOf(each.workspace) + ", pictures " +
                      sizeOf(inputs) + "), and " + sizeOf(there->bytes) + " are to be had " +
                      (there->isOfCgroup ? "in this process's control group" : "on this machine"),
                  "take a smaller batch (--set batch=N), or more groups, which are computed one after the other "
                  "(--set groups=N)");
}

llvm::Error Trainer::create() {
  if (llvm::Error error = library.trainerApi().moveInto(api))
    return internalError("train", std::move(error));
  if (llvm::Error error = checkMemory())
    return error;
  if (llvm::Error error = library.makePool(static_cast<int32_t>(sizes.threads)).moveInto(pool))
    return badInput(llvm::toString(std::move(error)) + "; take fewer (--threads), or free some memory");
  skip_trainer_options options = trainerOptions();
  if (llvm::Error error = library.check(api.create(library.get(), &options, &trainer)))
    return badInput(llvm::toString(std::move(error)));
  return llvm::Error::success();
}

Trainer::~Trainer() {
  if (trainer)
    api.destroy(trainer);
}

llvm::Error Trainer::init(uint64_t seed) {
  llvm::Error error = library.check(api.init(trainer, seed));
  return error ? internalError("train", std::move(error)) : llvm::Error::success();
}

/// The error's text, which names a file as what it is in the library's eyes, with its name.
static std::string textWith(llvm::Error error, llvm::StringRef file) {
  std::string text = llvm::toString(std::move(error));
  constexpr llvm::StringLiteral memory = "(memory)";
  if (size_t at = text.find(memory); at != text.npos)
    text.replace(at, memory.size(), file.str());
  return text;
}

llvm::Error Trainer::load(llvm::ArrayRef<char> file, llvm::StringRef path) {
  llvm::Error error = library.check(api.loadMemory(trainer, file.data(), file.size(), 0));
  return error ? badInput(textWith(std::move(error), path)) : llvm::Error::success();
}

llvm::Error Trainer::setNumbers(const frontend::Recipe &recipe) {
  for (auto [number, value] : {std::pair(SKIP_TRAINER_MOMENTUM, recipe.momentum), std::pair(SKIP_TRAINER_DECAY, recipe.decay),
                               std::pair(SKIP_TRAINER_NESTEROV, recipe.nesterov ? 1.0 : 0.0)})
    if (llvm::Error error = library.check(api.setNumber(trainer, number, value)))
      return badInput(llvm::toString(std::move(error)));
  return llvm::Error::success();
}

llvm::Error Trainer::share(const Processes &processes) {
  if (!processes.areSeveral())
    return llvm::Error::success();
  llvm::Error error =
      library.check(api.share(trainer, processes.process(), processes.count(), processes.get()->broadcast, nullptr));
  return error ? badInput(llvm::toString(std::move(error))) : llvm::Error::success();
}

llvm::Error Trainer::shareNoMore() {
  auto none = [](void *, int32_t, void *, size_t) { return 1; }; // is not called
  llvm::Error error = library.check(api.share(trainer, 0, 1, none, nullptr));
  return error ? internalError("train", std::move(error)) : llvm::Error::success();
}

llvm::Error Trainer::setDraws(uint64_t seed, int64_t step) {
  llvm::Error error = library.check(api.setDraws(trainer, seed, step, 0));
  return error ? internalError("train", std::move(error)) : llvm::Error::success();
}

llvm::Expected<skip_training_result> Trainer::gradients(const float *pixels, const int32_t *labels) {
  skip_training_result result{};
  if (llvm::Error error = library.check(api.gradients(trainer, sizes.groupImages, &pixels, labels, &result)))
    return internalError("train", std::move(error));
  return result;
}

llvm::Expected<std::string> Trainer::apply(double rate) {
  skip_status status = api.apply(trainer, rate);
  if (status == SKIP_OK)
    return "";
  llvm::StringRef text = library.api().lastError();
  if (status == SKIP_NOT_FINITE)
    return text.drop_while([](char c) { return c != ' '; }).trim().split(" NaN").first.str();
  return internalError("train", text);
}

llvm::Error Trainer::discard() {
  llvm::Error error = library.check(api.discard(trainer));
  return error ? internalError("train", std::move(error)) : llvm::Error::success();
}

llvm::Error Trainer::observe(Observer wanted) {
  observer = std::move(wanted);
  skip_observer forward = [](void *user, const skip_step_event *event) { (*static_cast<Observer *>(user))(*event); };
  llvm::Error error = library.check(api.observe(trainer, observer ? forward : nullptr, &observer));
  return error ? internalError("train", std::move(error)) : llvm::Error::success();
}

llvm::Error Trainer::write(const Metadata &metadata, llvm::function_ref<bool(const void *, size_t)> take) const {
  std::vector<skip_metadata> texts;
  for (const auto &[key, value] : metadata)
    texts.push_back({key.c_str(), value.c_str()});
  skip_write forward = [](void *user, const void *bytes, size_t count) {
    return (*static_cast<llvm::function_ref<bool(const void *, size_t)> *>(user))(bytes, count) ? 0 : 1;
  };
  skip_status status = api.save(trainer, texts.data(), static_cast<int32_t>(texts.size()), forward, &take);
  if (llvm::Error error = library.check(status))
    return status == SKIP_NOT_FINITE ? checkFailed(llvm::toString(std::move(error)))
                                     : badInput(llvm::toString(std::move(error)));
  return llvm::Error::success();
}

llvm::Error Trainer::save(const std::string &path, Metadata metadata) const {
  metadata.push_back({Checksum::name.str(), Checksum::zeros.str()});
  Checksum checksum;
  auto sum = [&](const void *bytes, size_t count) {
    checksum.add({static_cast<const char *>(bytes), count});
    return true;
  };
  if (llvm::Error error = write(metadata, sum))
    return error;
  metadata.back().second = checksum.text();
  AtomicFile file;
  std::string problem;
  if (!file.open(path, problem))
    return badInput(problem);
  llvm::Error error = write(metadata, [&](const void *bytes, size_t count) { return file.write(bytes, count, problem); });
  if (!problem.empty()) {
    llvm::consumeError(std::move(error)); // which says only that the writing failed
    return badInput(problem);
  }
  if (error)
    return error;
  return file.commit(problem) ? llvm::Error::success() : badInput(problem);
}

llvm::Expected<std::string> Trainer::saveToMemory() const {
  std::string bytes;
  auto take = [&](const void *from, size_t count) {
    bytes.append(static_cast<const char *>(from), count);
    return true;
  };
  if (llvm::Error error = write({}, take))
    return error;
  return bytes;
}

Trainer::Bytes Trainer::bytes() const {
  skip_trainer_options options = trainerOptions();
  Bytes bytes{api.stateBytes(library.get(), &options), api.workspaceBytes(library.get(), &options), 0};
  for (int32_t i = 0; i < library.api().modelInputCount(library.get()); ++i) {
    skip_tensor_info info{};
    library.api().modelInput(library.get(), i, &info);
    size_t elements = static_cast<size_t>(sizes.groupImages);
    for (int32_t k = 1; k < info.rank; ++k)
      elements *= static_cast<size_t>(info.dims[k]);
    bytes.input += elements * sizeof(float);
  }
  return bytes;
}

llvm::Expected<loaded::Weights> Trainer::weights() const {
  skip_weights *made = nullptr;
  if (llvm::Error error = library.check(api.weights(trainer, &made)))
    return checkFailed("evaluation: " + textWith(std::move(error), "the trained state"));
  return loaded::Weights(made, {library.api().weightsDestroy});
}

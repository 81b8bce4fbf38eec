// Writes a shared library into a temporary folder, loads it with dlopen, and turns its statuses into errors.
#include "tools/loaded/LoadedModel.h"

#include "codegen/TargetTable.h"
#include "support/TemporaryFolder.h"

#include <dlfcn.h>

using namespace llvm;

namespace skip::loaded {

Expected<std::unique_ptr<LoadedModel>> LoadedModel::build(const codegen::PackageInput &input, int32_t device) {
  TemporaryFolder folder; // The mapping outlives the file.
  std::string error;
  if (!folder.create(error) || !folder.allowsPrograms(error))
    return createStringError(inconvertibleErrorCode(), error);
  std::string path = folder.path() + "/lib" + input.image.name + ".so";
  if (Error failed = codegen::writeSharedLibrary(input, path))
    return failed;
  return open(path, input.image.name, codegen::entryOf(input.image.targets.front().target).name.str(), device);
}

/// The system says only that a part of the library cannot be mapped. Where that is not forbidden, memory is missing.
static std::string describeLoadError(std::string reason) {
  if (StringRef(reason).contains("failed to map segment"))
    reason += "; free some memory or raise its limit (`ulimit -v`)";
  return reason;
}

Expected<std::unique_ptr<LoadedModel>> LoadedModel::open(const std::string &path, const std::string &name,
                                                         const std::string &target, int32_t device) {
  std::unique_ptr<LoadedModel> loaded(new LoadedModel);
  // A path without a slash would be looked for in the system's folders.
  std::string file = path.find('/') == path.npos ? "./" + path : path;
  loaded->library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!loaded->library)
    return createStringError(inconvertibleErrorCode(), describeLoadError(::dlerror()));
  loaded->name = name;
  loaded->target = target;
  loaded->device = device;
  if (Error error = findApi(loaded->library, name).moveInto(loaded->functions))
    return error;
  if (Error error = loaded->createModel().moveInto(loaded->model))
    return error;
  return loaded;
}

LoadedModel::~LoadedModel() {
  if (model)
    functions.modelDestroy(model);
  if (library)
    ::dlclose(library);
}

Error LoadedModel::check(skip_status status) const {
  return status == SKIP_OK ? Error::success() : createStringError(inconvertibleErrorCode(), functions.lastError());
}

Expected<skip_model *> LoadedModel::createModel() const {
  skip_model *created = nullptr;
  skip_model_options options = {.target = target.c_str(), .device = device};
  if (Error error = check(functions.modelCreateFor(&options, &created)))
    return error;
  return created;
}

Expected<std::vector<skip_tensor_info>> LoadedModel::inputs() const {
  std::vector<skip_tensor_info> infos(static_cast<size_t>(functions.modelInputCount(model)));
  for (size_t i = 0; i < infos.size(); ++i)
    if (Error error = check(functions.modelInput(model, static_cast<int32_t>(i), &infos[i])))
      return error;
  return infos;
}

Expected<std::vector<skip_tensor_info>> LoadedModel::outputs() const {
  std::vector<skip_tensor_info> infos(static_cast<size_t>(functions.modelOutputCount(model)));
  for (size_t i = 0; i < infos.size(); ++i)
    if (Error error = check(functions.modelOutput(model, static_cast<int32_t>(i), &infos[i])))
      return error;
  return infos;
}

/// Owns what a call of the API made.
template <typename Object> static std::unique_ptr<Object, Release<Object>> own(Object *object, void (*destroy)(Object *)) {
  return {object, Release<Object>{destroy}};
}

Expected<Weights> LoadedModel::embeddedWeights() const {
  skip_weights *weights = nullptr;
  if (Error error = check(functions.weightsEmbedded(model, &weights)))
    return error;
  return own(weights, functions.weightsDestroy);
}

Expected<Weights> LoadedModel::loadWeights(const std::string &path) const {
  skip_weights *weights = nullptr;
  if (Error error = check(functions.weightsLoadFile(model, path.c_str(), &weights)))
    return error;
  return own(weights, functions.weightsDestroy);
}

Expected<Weights> LoadedModel::weightsFromMemory(ArrayRef<char> bytes) const {
  skip_weights *weights = nullptr;
  if (Error error = check(functions.weightsLoadMemory(model, bytes.data(), bytes.size(), &weights)))
    return error;
  return own(weights, functions.weightsDestroy);
}

Expected<Pool> LoadedModel::makePool(int32_t threads) const {
  skip_pool *pool = nullptr;
  if (Error error = check(functions.poolCreate(threads, &pool)))
    return error;
  return own(pool, functions.poolDestroy);
}

Expected<Context> LoadedModel::makeContext(const skip_weights *weights, const skip_context_options &options) const {
  skip_context *context = nullptr;
  if (Error error = check(functions.contextCreate(model, weights, &options, &context)))
    return error;
  return own(context, functions.contextDestroy);
}

Error LoadedModel::run(const Context &context, int64_t n, ArrayRef<const float *> inputs, ArrayRef<float *> outputs) const {
  return check(functions.run(context.get(), n, inputs.data(), outputs.data()));
}

} // namespace skip::loaded

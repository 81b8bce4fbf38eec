// The second half of the way from a spec to results.
#include "tools/running/Session.h"

#include "tools/compile/StageTimer.h"
#include "tools/running/ForcedIsa.h"
#include "tools/text/Failure.h"

using namespace skip;
using tool::Runner;
using tool::Session;

Runner::~Runner() {
  context.reset();
  if (model)
    library.api().modelDestroy(model);
}

llvm::Error Runner::run(int64_t images, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *> outputs) {
  llvm::Error error = library.run(context, images, inputs, outputs);
  return error ? internalError("run", std::move(error)) : llvm::Error::success();
}

llvm::Error Runner::observe(Observer wanted) {
  observer = std::move(wanted);
  skip_observer forward = [](void *user, const skip_step_event *event) { (*static_cast<Observer *>(user))(*event); };
  skip_status status = library.api().contextObserve(context.get(), observer ? forward : nullptr, &observer);
  llvm::Error error = library.check(status);
  return error ? internalError("run", std::move(error)) : llvm::Error::success();
}

llvm::Expected<Session> Session::start(Compilation &compilation, const PlanRequest &request, const WeightsSource &source) {
  if (llvm::Error error = compilation.optimizeGraph())
    return error;
  if (llvm::Error error = compilation.makePlan(request))
    return error;
  return load(compilation, source);
}

llvm::Expected<Session> Session::load(Compilation &compilation, const WeightsSource &source) {
  if (llvm::Error error = compilation.lower())
    return error;
  if (llvm::Error error = source.check(compilation.lowered().image)) // before the kernels: a wrong checkpoint is said at once
    return error;
  if (llvm::Error error = compilation.compileKernels())
    return error;
  StageTimer timer("load", compilation.isTimed());
  Session session;
  codegen::PackageInput input{compilation.lowered().image, compilation.objects()};
  if (compilation.lowered().training)
    input.training = &*compilation.lowered().training;
  int32_t device = compilation.device();
  if (llvm::Error error =
          loaded::LoadedModel::build(input, device).moveInto(session.library)) // the temporary folder, most likely
    return badInput("cannot load the compiled model" + (device ? " for --device " + std::to_string(device) : "") + ": " +
                    llvm::toString(std::move(error)));
  llvm::ArrayRef<char> bytes(static_cast<const char *>(source.data()), source.size());
  if (llvm::Error error = session.library->weightsFromMemory(bytes).moveInto(session.weights))
    return badInput("`" + source.path() + "`: " + llvm::toString(std::move(error)));
  source.tellForgiven();
  session.classes = source.classNames().vec();
  return session;
}

llvm::Error Runner::guardWorkspace(int64_t images) {
  options.max_batch = images;
  options.workspace_bytes = library.api().modelWorkspaceBytes(model, images);
  workspace.emplace(options.workspace_bytes);
  options.workspace = workspace->data();
  return options.workspace ? llvm::Error::success()
                           : badInput("no memory for a workspace of " + llvm::Twine(options.workspace_bytes) + " bytes (" +
                                      llvm::Twine(images) + " images)");
}

llvm::Error Runner::open(const skip_weights *weights, unsigned threads) {
  if (llvm::Error error = library.makePool(static_cast<int32_t>(threads)).moveInto(pool))
    return badInput(llvm::toString(std::move(error)) + "; take fewer (--threads), or free some memory");
  options.pool = pool.get();
  // Not LoadedModel::makeContext: that one is bound to the library's own choice of a body.
  skip_context *created = nullptr;
  llvm::Error error = library.check(library.api().contextCreate(model, weights, &options, &created));
  if (error)
    return badInput(llvm::toString(std::move(error)));
  context = loaded::Context(created, {library.api().contextDestroy});
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Runner>> Session::start(unsigned threads, llvm::StringRef isa, bool isUndivided,
                                                       int64_t guardedImages) const {
  std::unique_ptr<Runner> runner(new Runner(*library));
  ForcedIsa forced(isa);
  if (llvm::Error error = library->createModel().moveInto(runner->model))
    return badInput(llvm::toString(std::move(error)));
  runner->options.undivided = isUndivided;
  if (guardedImages > 0)
    if (llvm::Error error = runner->guardWorkspace(guardedImages))
      return error;
  if (llvm::Error error = runner->open(weights.get(), threads))
    return error;
  return runner;
}

llvm::Expected<std::unique_ptr<Runner>> Session::runner(unsigned threads, llvm::StringRef isa, bool isUndivided) const {
  return start(threads, isa, isUndivided, 0);
}

llvm::Expected<std::unique_ptr<Runner>> Session::guardedRunner(unsigned threads, llvm::StringRef isa, int64_t images) const {
  return start(threads, isa, /*isUndivided=*/true, images);
}

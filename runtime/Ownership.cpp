// Objects of one library given to another's calls. Both may be in a process, their opaque types are the same, and so is often
// their layout: the run would end in a plan, tables or stacks that are not this library's. It costs a comparison a call.
#include "runtime/Error.h"
#include "runtime/Objects.h"
#include "runtime/ThreadPool.h"

namespace skip::runtime {

/// Each library has backends of its own, and its images alone point at them.
static bool isOwn(const SkipBackend *backend) {
  for (uint32_t i = 0; i < skipModelImage.targetCount; ++i)
    if (skipModelImage.targets[i].backend == backend)
      return true;
  return false;
}

static skip_status refuse(const char *call, const char *what, const SkipModelImage &theirs) {
  const char *other = theirs.abiVersion == SKIP_ABI_VERSION ? theirs.name : "(of another version)";
  return fail(
      SKIP_INVALID_ARGUMENT,
      "%s: the %s is of another library, that of `%s`, and this is a call of `%s`'s; objects of a library go to its own "
      "calls, those that begin with its name",
      call, what, other, skipModelImage.name);
}

skip_status checkOwn(const skip_model &model, const char *call, const char *what) {
  return isOwn(model.target->backend) ? SKIP_OK : refuse(call, what, *model.image);
}

skip_status checkOwn(const skip_model *model, const char *call) {
  return model ? checkOwn(*model, call, "model")
               : fail(SKIP_INVALID_ARGUMENT, "%s: `model` is null: none was made, or it was moved from", call);
}

skip_status checkOwn(const skip_context *context, const char *call) {
  if (!context)
    return fail(SKIP_INVALID_ARGUMENT, "%s: `context` is null: none was made, or it was moved from", call);
  return checkOwn(*context->model, call, "context");
}

skip_status checkOwn(const skip_pool &pool, const char *call) {
  return pool.owner == &skipModelImage ? SKIP_OK
                                       : fail(SKIP_INVALID_ARGUMENT,
                                              "%s: the pool is of another library than `%s`'s, and its threads' stacks are for "
                                              "runs of that; make one by this library's pool_create",
                                              call, skipModelImage.name);
}

} // namespace skip::runtime

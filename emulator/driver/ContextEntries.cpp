// Contexts, and which one is current in a thread.
#include "emulator/driver/Entries.h"
#include "emulator/driver/Leaks.h"
#include "emulator/driver/Streams.h"

#include <cstdlib>

namespace skip::driver::entry {

static Context create(DeviceState &device) {
  return state().contexts.add(std::make_unique<ContextState>(device, state().knobs));
}

template <class Table> static void removeOf(Table &table, const ContextState *context) {
  for (auto at = table.begin(); at != table.end();) {
    auto handle = at->second->handle;
    bool of = at->second->context == context;
    ++at;
    if (of)
      table.remove(handle);
  }
}

/// All that the context has goes with it; what was not freed is remembered as leaked.
static void destroy(ContextState &context) {
  context.queue.completeAll();
  rememberLeaks(context);
  for (auto &[address, bytes] : context.allocations)
    context.device.memory.release(address);
  for (auto &[address, bytes] : context.hostAllocations)
    std::free(reinterpret_cast<void *>(address));
  removeOf(state().streams, &context);
  removeOf(state().events, &context);
  removeOf(state().execs, &context);
  for (auto &[key, module] : state().modules)
    if (module->context == &context)
      for (auto &[name, function] : module->kernels)
        state().kernels.remove(function);
  removeOf(state().modules, &context);
  state().contexts.remove(context.handle);
}

Result cuDevicePrimaryCtxRetain(Context *context, Device device) {
  if (!context)
    return Result::invalidValue;
  DeviceState *found = findDevice(device);
  if (!found)
    return Result::invalidDevice;
  if (!found->primary)
    found->primary = create(*found);
  ++found->primaryReferences;
  *context = found->primary;
  return Result::success;
}

Result cuDevicePrimaryCtxRelease_v2(Device device) {
  DeviceState *found = findDevice(device);
  if (!found)
    return Result::invalidDevice;
  if (found->primaryReferences == 0)
    return refuse(Result::invalidContext,
                  "the primary context of device " + std::to_string(device) + " is released but not retained");
  if (--found->primaryReferences == 0) {
    destroy(*state().contexts.find(found->primary));
    found->primary = nullptr;
  }
  return Result::success;
}

Result cuCtxCreate_v2(Context *context, unsigned flags, Device device) {
  constexpr unsigned kKnownFlags = 0xff;
  if (!context || (flags & ~kKnownFlags))
    return Result::invalidValue;
  DeviceState *found = findDevice(device);
  if (!found)
    return Result::invalidDevice;
  *context = create(*found);
  contextStack().push_back(*context);
  return Result::success;
}

Result cuCtxCreate_v3(Context *context, void *affinity, int count, unsigned flags, Device device) {
  if (affinity || count != 0)
    return Result::notSupported;
  return cuCtxCreate_v2(context, flags, device);
}

Result cuCtxCreate_v4(Context *context, ContextCreateParams *params, unsigned flags, Device device) {
  if (params && (params->execAffinityParams || params->execAffinityCount != 0 || params->cigParams))
    return Result::notSupported;
  return cuCtxCreate_v2(context, flags, device);
}

Result cuCtxDestroy_v2(Context handle) {
  ContextState *context = state().contexts.find(handle);
  if (!context)
    return Result::invalidContext;
  if (context->device.primary == handle)
    return refuse(Result::invalidContext, "a primary context is released, not destroyed");
  if (!contextStack().empty() && contextStack().back() == handle)
    contextStack().pop_back();
  destroy(*context);
  return Result::success;
}

Result cuCtxPushCurrent_v2(Context context) {
  if (!state().contexts.find(context))
    return Result::invalidContext;
  contextStack().push_back(context);
  return Result::success;
}

Result cuCtxPopCurrent_v2(Context *context) {
  if (contextStack().empty())
    return Result::invalidContext;
  if (context)
    *context = contextStack().back();
  contextStack().pop_back();
  return Result::success;
}

Result cuCtxGetCurrent(Context *context) {
  if (!context)
    return Result::invalidValue;
  *context = contextStack().empty() ? nullptr : contextStack().back();
  return Result::success;
}

/// Replaces the top of the thread's stack; null takes it away.
Result cuCtxSetCurrent(Context context) {
  if (context && !state().contexts.find(context))
    return Result::invalidContext;
  if (!contextStack().empty())
    contextStack().pop_back();
  if (context)
    contextStack().push_back(context);
  return Result::success;
}

Result cuCtxGetDevice_v2(Device *device, Context handle) {
  if (!device)
    return Result::invalidValue;
  if (!handle && !contextStack().empty())
    handle = contextStack().back();
  ContextState *context = state().contexts.find(handle);
  if (!context)
    return handle ? Result::contextIsDestroyed : Result::invalidContext;
  *device = context->device.ordinal;
  return Result::success;
}

Result cuCtxGetDevice(Device *device) { return cuCtxGetDevice_v2(device, nullptr); }

static Result synchronize(ContextState &context) {
  if (Result refused = refusedByCapture(); refused != Result::success)
    return refused;
  if (Result refused = refusedByImplicitOrder(context); refused != Result::success)
    return refused;
  context.queue.completeAll();
  return context.error;
}

Result cuCtxSynchronize() {
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  return synchronize(*context);
}

Result cuCtxSynchronize_v2(Context handle) {
  if (!handle)
    return cuCtxSynchronize();
  ContextState *context = state().contexts.find(handle);
  if (!context)
    return Result::invalidContext;
  return context->error != Result::success ? context->error : synchronize(*context);
}

} // namespace skip::driver::entry

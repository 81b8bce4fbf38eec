// Libraries and modules.
#include "emulator/driver/Code.h"
#include "emulator/driver/Entries.h"
#include "emulator/driver/Streams.h"

namespace skip::driver::entry {

Result cuLibraryLoadData(Library *library, const void *code, JitOption *jitOptions, void **jitValues, unsigned jitCount,
                         LibraryOption *options, void **values, unsigned count) {
  if (!library || (count > 0 && (!options || !values)))
    return Result::invalidValue;
  if (Result refused = refusedByCapture(); refused != Result::success)
    return refused;
  ContextState *context = nullptr; // a library needs none, but one with a sticky error loads nothing
  if (Result result = currentContext(context); context && result != Result::success)
    return result;
  auto loaded = std::make_unique<LibraryState>();
  Result result = loadCode(code, {jitOptions, jitValues, jitCount}, context, loaded->code);
  if (result == Result::success)
    *library = state().libraries.add(std::move(loaded));
  return result;
}

/// Work that was given before may still use the code.
static void unload(Code &code, const std::map<std::string, Function, std::less<>> &kernels) {
  for (auto &[key, context] : state().contexts)
    context->queue.completeAll();
  code.unloaded = true;
  for (auto &[name, function] : kernels)
    state().kernels.remove(function);
}

Result cuLibraryUnload(Library library) {
  if (Result refused = refusedByCapture(); refused != Result::success)
    return refused;
  auto removed = state().libraries.remove(library);
  if (!removed)
    return Result::invalidHandle;
  unload(*removed->code, removed->kernels);
  return Result::success;
}

Result cuLibraryGetKernel(Kernel *kernel, Library library, const char *name) {
  if (!kernel || !name)
    return Result::invalidValue;
  LibraryState *found = state().libraries.find(library);
  if (!found)
    return Result::invalidHandle;
  Function function = nullptr;
  Result result = findKernel(found->kernels, found->code, name, function);
  if (result == Result::success)
    *kernel = reinterpret_cast<Kernel>(function);
  return result;
}

static Result globalOf(Code &code, DeviceState &device, const char *name, DeviceAddress *address, size_t *bytes) {
  emulator::Module *module = nullptr;
  if (Result result = moduleOn(code, device, module); result != Result::success)
    return result;
  auto range = module->global(name);
  if (!range)
    return Result::notFound;
  if (address)
    *address = range->address;
  if (bytes)
    *bytes = range->bytes;
  return Result::success;
}

Result cuLibraryGetGlobal(DeviceAddress *address, size_t *bytes, Library library, const char *name) {
  if ((!address && !bytes) || !name)
    return Result::invalidValue;
  LibraryState *found = state().libraries.find(library);
  if (!found)
    return Result::invalidHandle;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  return globalOf(*found->code, context->device, name, address, bytes);
}

Result cuKernelGetFunction(Function *function, Kernel kernel) {
  if (!function)
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  if (!state().kernels.find(reinterpret_cast<Function>(kernel)))
    return Result::invalidHandle;
  *function = reinterpret_cast<Function>(kernel);
  return Result::success;
}

Result cuModuleLoadDataEx(Module *module, const void *image, unsigned count, JitOption *options, void **values) {
  if (!module)
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  if (Result refused = refusedByCapture(); refused != Result::success)
    return refused;
  auto loaded = std::make_unique<ModuleState>();
  loaded->context = context;
  Result result = loadCode(image, {options, values, count}, context, loaded->code);
  if (result == Result::success)
    *module = state().modules.add(std::move(loaded));
  return result;
}

Result cuModuleLoadData(Module *module, const void *image) { return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr); }

Result cuModuleUnload(Module module) {
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  if (Result refused = refusedByCapture(); refused != Result::success)
    return refused;
  auto removed = state().modules.remove(module);
  if (!removed)
    return Result::invalidHandle;
  unload(*removed->code, removed->kernels);
  return context->error;
}

Result cuModuleGetFunction(Function *function, Module module, const char *name) {
  if (!function || !name)
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  ModuleState *found = state().modules.find(module);
  return found ? findKernel(found->kernels, found->code, name, *function) : Result::invalidHandle;
}

Result cuModuleGetGlobal_v2(DeviceAddress *address, size_t *bytes, Module module, const char *name) {
  if ((!address && !bytes) || !name)
    return Result::invalidValue;
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  ModuleState *found = state().modules.find(module);
  return found ? globalOf(*found->code, context->device, name, address, bytes) : Result::invalidHandle;
}

} // namespace skip::driver::entry

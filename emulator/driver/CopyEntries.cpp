// Copies and fills. Which of them wait, and when they read the host's memory, is as the driver's documentation says: from
// pageable memory at the call, from pinned memory when the copy runs; into pageable memory before the call returns.
#include "emulator/driver/Entries.h"
#include "emulator/driver/Memory.h"
#include "emulator/driver/Report.h"
#include "emulator/driver/Streams.h"

namespace skip::driver::entry {

static Result checkCopy(ContextState &context, const CopyWork &copy) {
  if (copy.kind != CopyWork::Kind::toHost)
    if (Result result = checkDeviceRange(context, copy.to, copy.bytes); result != Result::success)
      return result;
  if (copy.kind != CopyWork::Kind::toDevice)
    if (Result result = checkDeviceRange(context, copy.from, copy.bytes); result != Result::success)
      return result;
  if (copy.kind == CopyWork::Kind::within)
    return Result::success;
  return checkHostRange(reinterpret_cast<const void *>(copy.kind == CopyWork::Kind::toHost ? copy.to : copy.from), copy.bytes);
}

static Result copyAsync(StreamState &stream, CopyWork copy) {
  if (Result result = checkCopy(*stream.context, copy); result != Result::success)
    return result;
  bool pageable = copy.kind != CopyWork::Kind::within &&
                  !isPinned(reinterpret_cast<const void *>(copy.kind == CopyWork::Kind::toHost ? copy.to : copy.from));
  bool waits = pageable && copy.kind == CopyWork::Kind::toHost && !stream.capture;
  if (pageable && copy.kind == CopyWork::Kind::toDevice && !stream.capture) {
    auto *from = reinterpret_cast<const std::byte *>(copy.from);
    copy.staged.assign(from, from + copy.bytes);
    copy.isStaged = true;
  }
  Result result = enqueue(stream, std::move(copy));
  if (result != Result::success || !waits)
    return result;
  stream.context->queue.complete(stream.last);
  return stream.context->error;
}

/// A call without a stream: on the legacy stream, forbidden while a stream captures.
static Result copyNow(CopyWork copy, bool waits) {
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  if (Result refused = refusedByCapture(); refused != Result::success)
    return refused;
  if (Result result = copyAsync(context->legacy, std::move(copy)); result != Result::success || !waits)
    return result;
  context->queue.complete(context->legacy.last);
  return context->error;
}

static Result copyIn(Stream handle, CopyWork copy) {
  StreamState *stream = nullptr;
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  return copyAsync(*stream, std::move(copy));
}

static CopyWork toDevice(DeviceAddress to, const void *from, size_t bytes) {
  return {.kind = CopyWork::Kind::toDevice, .to = to, .from = reinterpret_cast<uint64_t>(from), .bytes = bytes};
}
static CopyWork toHost(void *to, DeviceAddress from, size_t bytes) {
  return {.kind = CopyWork::Kind::toHost, .to = reinterpret_cast<uint64_t>(to), .from = from, .bytes = bytes};
}
static CopyWork within(DeviceAddress to, DeviceAddress from, size_t bytes) {
  return {.kind = CopyWork::Kind::within, .to = to, .from = from, .bytes = bytes};
}

Result cuMemcpyHtoD_v2(DeviceAddress to, const void *from, size_t bytes) { return copyNow(toDevice(to, from, bytes), true); }
Result cuMemcpyDtoH_v2(void *to, DeviceAddress from, size_t bytes) { return copyNow(toHost(to, from, bytes), true); }
Result cuMemcpyDtoD_v2(DeviceAddress to, DeviceAddress from, size_t bytes) { return copyNow(within(to, from, bytes), false); }

Result cuMemcpyHtoDAsync_v2(DeviceAddress to, const void *from, size_t bytes, Stream stream) {
  return copyIn(stream, toDevice(to, from, bytes));
}
Result cuMemcpyDtoHAsync_v2(void *to, DeviceAddress from, size_t bytes, Stream stream) {
  return copyIn(stream, toHost(to, from, bytes));
}
Result cuMemcpyDtoDAsync_v2(DeviceAddress to, DeviceAddress from, size_t bytes, Stream stream) {
  return copyIn(stream, within(to, from, bytes));
}

static Result fillAsync(StreamState &stream, const FillWork &fill) {
  if (fill.to % fill.width)
    return refuse(Result::invalidValue,
                  hex(fill.to) + " is not aligned to the " + std::to_string(fill.width) + " bytes of an element");
  if (fill.count > SIZE_MAX / fill.width)
    return Result::invalidValue;
  if (Result result = checkDeviceRange(*stream.context, fill.to, fill.count * fill.width); result != Result::success)
    return result;
  return enqueue(stream, fill);
}

static Result fillNow(const FillWork &fill) {
  ContextState *context = nullptr;
  if (Result result = currentContext(context); result != Result::success)
    return result;
  if (Result refused = refusedByCapture(); refused != Result::success)
    return refused;
  return fillAsync(context->legacy, fill);
}

static Result fillIn(Stream handle, const FillWork &fill) {
  StreamState *stream = nullptr;
  if (Result result = findStream(handle, stream); result != Result::success)
    return result;
  return fillAsync(*stream, fill);
}

Result cuMemsetD8_v2(DeviceAddress to, unsigned char value, size_t count) { return fillNow({to, value, count, 1}); }
Result cuMemsetD32_v2(DeviceAddress to, unsigned value, size_t count) { return fillNow({to, value, count, 4}); }
Result cuMemsetD8Async(DeviceAddress to, unsigned char value, size_t count, Stream stream) {
  return fillIn(stream, {to, value, count, 1});
}
Result cuMemsetD32Async(DeviceAddress to, unsigned value, size_t count, Stream stream) {
  return fillIn(stream, {to, value, count, 4});
}

} // namespace skip::driver::entry

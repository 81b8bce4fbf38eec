// The CUDA driver as this process has it, and what its answers are told as.
//
// The library is opened by name, so that a model runs on machines without a GPU too: nothing is linked. `dlopen` and its kin
// are in the C library from glibc 2.34 on; before that a program links -ldl. They are weak references: where a program has no
// dlopen, that is an error with a text. A static program has one if anything else in it needs it.
#pragma once

#include "runtime/Runtime.h"
#include "runtime/cuda/DriverApi.h"

namespace skip::cuda {

/// Opens the driver's library (SKIP_CUDA_DRIVER in the environment names another one than libcuda.so.1), finds every entry
/// point and starts the driver. Done once: after a success all threads find it done, after a failure the next call tries again.
/// SKIP_NO_DEVICE with what is missing and what to do.
skip_status loadDriver();

/// The driver's entry points; loadDriver has succeeded.
const DriverFunctions &driver();

/// What a call of the driver answered as a status: SKIP_OK, or the text `<call>: <name>, <words>`. Memory that the device does
/// not have is SKIP_OUT_OF_MEMORY, all else SKIP_DRIVER_ERROR.
skip_status check(Result result, const char *call);

/// Whether `status` is of a call that told of a fault, by a code after which, as CUDA documents, the process can do no more
/// with the device's context: the thread's last failure, as lastErrorText() has its text.
bool isFault(skip_status status);

/// Where `status` is of a fault while something is made on a device, an earlier run was it: says so in front of the text.
skip_status afterFault(skip_status status, Device device);

/// Writes the name and the words of `result`, cut to `bytes`.
void describe(Result result, char *text, size_t bytes);

/// Puts `format` and `: ` in front of the thread's error text; returns `status`.
skip_status inContext(skip_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

} // namespace skip::cuda

/// Calls an entry point of the driver: SKIP_DRIVER(cuMemFree, address).
#define SKIP_DRIVER(entry, ...) ::skip::cuda::check(::skip::cuda::driver().entry(__VA_ARGS__), #entry)

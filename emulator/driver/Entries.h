// The entry points by name: what is exported, what cuGetProcAddress finds, and what does the work.
//
// Each is written twice: an exported function (Exports.cpp) that takes the lock, counts, fails on demand, calls and traces; and
// the function of the same name in namespace `entry`, one of a file a topic, which runs under the lock.
#pragma once

#include "runtime/cuda/DriverApi.h"

#include <span>
#include <string_view>

namespace skip::driver {

struct Entry {
  const char *name = nullptr, *symbol = nullptr;
  int since = 0;            // the CUDA version that brought this signature
  void *exported = nullptr; // the function that callers get
};

/// All of them, in the order of DriverEntries.def.
std::span<const Entry> entries();

bool isEntryName(std::string_view name);

/// The newest signature of `name` that `version` knows and the driver has; null if there is none. `known` tells whether there
/// is an older or newer one.
const Entry *findEntry(std::string_view name, int version, bool &known);

/// What a call that is told to fail answers when it is not told how.
cuda::Result defaultFailure(std::string_view name);

const char *nameOf(cuda::Result result); // null for a value that is none
const char *textOf(cuda::Result result);
bool resultNamed(std::string_view name, cuda::Result &result);

namespace entry {
using namespace cuda;
#define SKIP_CUDA_ENTRY(name, symbol, since, parameters, arguments) Result symbol parameters;
#define SKIP_CUDA_EXTRA(name, symbol, since, parameters, arguments) Result symbol parameters;
#include "runtime/cuda/DriverEntries.def"
} // namespace entry

} // namespace skip::driver

// Where Skip keeps what a later run may want, by the rules for a user's caches (XDG base directories).
#pragma once

#include <string>

namespace skip::tool {

/// `name` in skip's folder below $XDG_CACHE_HOME or ~/.cache; empty where the environment says neither.
std::string cachePath(const std::string &name);

/// The folder of compiled kernels: that of SKIP_KERNEL_CACHE, otherwise `kernels` in skip's folder. Empty, so that none are
/// kept, where that variable is `off` or there is no such folder.
std::string kernelCacheFolder();

} // namespace skip::tool

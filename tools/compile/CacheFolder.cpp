#include "tools/compile/CacheFolder.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

#include <cstdlib>

using namespace skip;

std::string tool::cachePath(const std::string &name) {
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  llvm::SmallString<256> path;
  if (cache && *cache)
    path = cache;
  else if (home && *home)
    llvm::sys::path::append(path, home, ".cache");
  else
    return "";
  llvm::sys::path::append(path, "skip", name);
  return path.str().str();
}

std::string tool::kernelCacheFolder() {
  const char *chosen = std::getenv("SKIP_KERNEL_CACHE");
  if (!chosen || !*chosen)
    return cachePath("kernels");
  return llvm::StringRef(chosen) == "off" ? "" : chosen;
}

// SKIP_ISA, by which the runtime lets its body be chosen, set for a while.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdlib>
#include <optional>
#include <string>

namespace skip::tool {

/// Empty: as it is.
class ForcedIsa {
public:
  explicit ForcedIsa(llvm::StringRef isa) : forces(!isa.empty()) {
    const char *before = std::getenv(variable);
    old = before ? std::optional<std::string>(before) : std::nullopt;
    if (forces)
      ::setenv(variable, isa.str().c_str(), 1);
  }
  ~ForcedIsa() {
    if (forces && old)
      ::setenv(variable, old->c_str(), 1);
    else if (forces)
      ::unsetenv(variable);
  }
  ForcedIsa(const ForcedIsa &) = delete;

private:
  static constexpr const char *variable = "SKIP_ISA";
  bool forces;
  std::optional<std::string> old;
};

} // namespace skip::tool

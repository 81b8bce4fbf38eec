// How a fuzz target says that something does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace skip::fuzz {

/// Ends the process unless `holds`, and says `what` should have; `said` is what it was found in, or the error that came.
inline void require(bool holds, const char *what, std::string_view said = {}) {
  if (holds)
    return;
  std::fprintf(stderr, "%s%s%.*s\n", what, said.empty() ? "" : ": ", static_cast<int>(said.size()), said.data());
  std::abort();
}

} // namespace skip::fuzz

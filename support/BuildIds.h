// What this process was linked from.
#pragma once

#include <string>

namespace skip {

/// The linker's build ids of this program and of all libraries that it has loaded, one behind the other, as raw bytes: another
/// build of any of them gives another text. Empty if one of them has none.
std::string buildIds();

} // namespace skip

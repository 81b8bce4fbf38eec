// The CMake package file of a compiled model.
#pragma once

#include <string>

namespace skip::codegen {

/// The text of `<name>-config.cmake`: targets `<name>::static` and `<name>::shared` where the libraries exist, and
/// `<name>::<name>`, which is the shared one where BUILD_SHARED_LIBS is set or no other exists, else the static one. The file
/// stands beside the libraries.
std::string cmakeConfigText(const std::string &name);

/// Its file name, by which find_package(<name>) looks for it.
std::string cmakeConfigName(const std::string &name);

} // namespace skip::codegen

// The CMake package files of a compiled model.
#pragma once

#include <string>

namespace skip::codegen {

/// What a build wrote; at least one.
struct CmakeLibraries {
  bool archive = false, shared = false;
};

/// The text of `<name>Config.cmake`: targets `<name>::<name>_static` and `<name>::<name>_shared` for the libraries of this
/// build, whatever an earlier one left in the folder, and `<name>::<name>`, which is the shared one where BUILD_SHARED_LIBS is
/// set or there is no other, else the static one. The file stands beside the libraries.
std::string cmakeConfigText(const std::string &name, const CmakeLibraries &libraries);

/// Its file name, by which find_package(<name>) looks for it. Unlike `<lower-case name>-config.cmake`, it differs for names
/// that differ in case only.
std::string cmakeConfigName(const std::string &name);

/// What find_package(<name> <version>) reads beside it: the version is the compiler's, and serves those that ask for it or for
/// an earlier one of the same first number.
std::string cmakeVersionText();
std::string cmakeVersionName(const std::string &name);

} // namespace skip::codegen

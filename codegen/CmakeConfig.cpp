// Puts a CMake package file together and fills in the model's name.
#include "codegen/CmakeConfig.h"

namespace skip::codegen {

static constexpr const char *opening = R"(
if(TARGET @::@)
  return()
endif()
)";

static constexpr const char *archivePart = R"(
add_library(@::@_static STATIC IMPORTED)
set_target_properties(@::@_static PROPERTIES
  IMPORTED_LOCATION "${CMAKE_CURRENT_LIST_DIR}/lib@.a"
  INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}"
  INTERFACE_LINK_LIBRARIES pthread)
)";

static constexpr const char *sharedPart = R"(
add_library(@::@_shared SHARED IMPORTED)
set_target_properties(@::@_shared PROPERTIES
  IMPORTED_LOCATION "${CMAKE_CURRENT_LIST_DIR}/lib@.so"
  IMPORTED_SONAME lib@.so
  INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}")
)";

static constexpr const char *eitherPart = R"(
add_library(@::@ INTERFACE IMPORTED)
if(BUILD_SHARED_LIBS)
  set_target_properties(@::@ PROPERTIES INTERFACE_LINK_LIBRARIES @::@_shared)
else()
  set_target_properties(@::@ PROPERTIES INTERFACE_LINK_LIBRARIES @::@_static)
endif()
)";

static constexpr const char *onlyPart = R"(
add_library(@::@ INTERFACE IMPORTED)
set_target_properties(@::@ PROPERTIES INTERFACE_LINK_LIBRARIES )";

static std::string patternFor(const CmakeLibraries &libraries) {
  std::string text = "# The compiled model @: ";
  if (libraries.archive && libraries.shared)
    return text + "targets @::@_static and @::@_shared, and @::@ for the one that BUILD_SHARED_LIBS asks for." + opening +
           archivePart + sharedPart + eitherPart;
  std::string target = libraries.archive ? "@::@_static" : "@::@_shared";
  return text + "target " + target + ", for which @::@ stands too." + opening + (libraries.archive ? archivePart : sharedPart) +
         onlyPart + target + ")\n";
}

std::string cmakeConfigText(const std::string &name, const CmakeLibraries &libraries) {
  std::string text;
  for (char character : patternFor(libraries))
    if (character == '@')
      text += name;
    else
      text += character;
  return text;
}

std::string cmakeConfigName(const std::string &name) { return name + "Config.cmake"; }

std::string cmakeVersionText() {
  return R"(set(PACKAGE_VERSION ")" SKIP_VERSION R"(")
string(REGEX MATCH "^[0-9]+" ours "${PACKAGE_VERSION}")
if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION OR NOT "${PACKAGE_FIND_VERSION_MAJOR}" STREQUAL ours)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
elseif(PACKAGE_FIND_VERSION_RANGE AND PACKAGE_VERSION VERSION_GREATER PACKAGE_FIND_VERSION_MAX)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
elseif(PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "EXCLUDE" AND PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION_MAX)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
)";
}

std::string cmakeVersionName(const std::string &name) { return name + "ConfigVersion.cmake"; }

} // namespace skip::codegen

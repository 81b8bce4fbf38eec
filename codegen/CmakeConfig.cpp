// Fills a model's name into the pattern of a CMake package file.
#include "codegen/CmakeConfig.h"

#include "llvm/ADT/StringRef.h"

namespace skip::codegen {

static constexpr const char *pattern =
    R"(# The compiled model @: targets @::static and @::shared where they were built, and @::@ for the one that BUILD_SHARED_LIBS asks for.
if(TARGET @::@)
  return()
endif()

if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/lib@.a")
  add_library(@::static STATIC IMPORTED)
  set_target_properties(@::static PROPERTIES
    IMPORTED_LOCATION "${CMAKE_CURRENT_LIST_DIR}/lib@.a"
    INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}"
    INTERFACE_LINK_LIBRARIES pthread)
endif()

if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/lib@.so")
  add_library(@::shared SHARED IMPORTED)
  set_target_properties(@::shared PROPERTIES
    IMPORTED_LOCATION "${CMAKE_CURRENT_LIST_DIR}/lib@.so"
    IMPORTED_SONAME lib@.so
    INTERFACE_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}")
endif()

add_library(@::@ INTERFACE IMPORTED)
if(TARGET @::shared AND (BUILD_SHARED_LIBS OR NOT TARGET @::static))
  set_target_properties(@::@ PROPERTIES INTERFACE_LINK_LIBRARIES @::shared)
else()
  set_target_properties(@::@ PROPERTIES INTERFACE_LINK_LIBRARIES @::static)
endif()
)";

std::string cmakeConfigText(const std::string &name) {
  std::string text;
  for (const char *at = pattern; *at; ++at)
    if (*at == '@')
      text += name;
    else
      text += *at;
  return text;
}

std::string cmakeConfigName(const std::string &name) { return llvm::StringRef(name).lower() + "-config.cmake"; }

} // namespace skip::codegen

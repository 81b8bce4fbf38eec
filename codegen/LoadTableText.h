// The load table as a manifest has it: lines of numbers, from which `skipc pack` makes packed weights without the library's
// spec.
#pragma once

#include "runtime/Abi.h"

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace skip::codegen {

/// What the numbers of a line are.
extern const char *const loadColumns;
extern const char *const normColumns;

std::string lineOf(const SkipLoad &load);
std::string lineOf(const SkipNorm &norm);

/// The reverse; nothing unless the line has each number, in its range, and no more. Whether they make sense together,
/// runtime::checkLoadTable says.
std::optional<SkipLoad> loadOf(llvm::StringRef line);
std::optional<SkipNorm> normOf(llvm::StringRef line);

} // namespace skip::codegen

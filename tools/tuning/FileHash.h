// What tells a file from one that was changed on its way to another machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skip::tuning {

/// FNV-1a of the file's bytes, of 64 bits in sixteen digits of base 16. Nothing where it cannot be read, and errno says why.
std::optional<std::string> hashOfFile(const std::string &path);

/// Whether a hash may be written so.
bool isHashText(std::string_view text);

} // namespace skip::tuning

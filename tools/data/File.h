// Reading whole files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skip::data {

/// Files larger than this are refused: nothing that these tools read whole comes near it.
inline constexpr size_t maxFileBytes = size_t{4} << 30;

/// All bytes of the file at `path` (a pipe works too). On failure returns nothing and says in `error` which file, and why.
std::optional<std::vector<uint8_t>> readFile(const std::string &path, std::string &error);

/// The lines of a text file, without their ends (LF or CR LF), a byte order mark or empty lines at the end of the file.
std::optional<std::vector<std::string>> readLines(const std::string &path, std::string &error);

/// The fields of a line between tabs; a line without tabs is one field.
std::vector<std::string> splitTabs(const std::string &line);

/// The value of a decimal number that makes up all of `text`, at most `limit`; nothing for anything else.
std::optional<uint64_t> parseCount(std::string_view text, uint64_t limit);

} // namespace skip::data

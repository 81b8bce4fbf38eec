// Text from outside (files, their names, arguments) as it may be shown on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skip {

/// How many bytes the UTF-8 character takes that `text` begins with; 0 if that is no character to be shown as it is: a control
/// character (DEL and C1 are some), one that reorders or breaks lines without being seen, or a byte that is not UTF-8.
size_t printableLength(std::string_view text);

/// The byte as `\x1b`.
std::string escapedByte(char byte);

/// `text` with each byte of what is not printable as `\x1b`. A backslash stays, so that what is printable comes back as it is.
std::string printable(std::string_view text);

/// The same between backticks: how messages name a file, a folder or a class, in whose name ends of lines may be too.
std::string quotedName(std::string_view text);

/// The same of a text of several lines: the ends of the lines stay.
std::string printableLines(std::string_view text);

} // namespace skip

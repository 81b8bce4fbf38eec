// The text of messages about files.
#pragma once

#include <string>
#include <string_view>

namespace skip {

/// What went wrong with a system call, in our words: "cannot ACTION `PATH`: no such file or directory; HINT".
/// `code` is an errno value.
std::string describeSystemError(std::string_view action, const std::string &path, int code);

} // namespace skip

// The names of a model's classes.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace skip::data {

/// Reads class names, by index: either one name a line, or lines of tab-separated fields of which the first is the index
/// (each of 0, 1, ... once, in any order) and the last the name. Nothing, with a message, for anything else.
std::optional<std::vector<std::string>> readClassNames(const std::string &path, std::string &error);

} // namespace skip::data

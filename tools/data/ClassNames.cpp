// Reads class names from a file of lines, with or without an index in front.
#include "tools/data/ClassNames.h"

#include "support/Printable.h"
#include "tools/data/File.h"

namespace skip::data {

/// Puts the name of a line with an index into its place; `names` has as many as there are lines.
static bool placeName(const std::string &line, std::vector<std::string> &names, std::string &reason) {
  std::vector<std::string> fields = splitTabs(line);
  std::optional<uint64_t> index = parseCount(fields[0], names.size() - 1);
  if (!index) {
    reason = "the class index is `" + fields[0] + "`, expected a number from 0 to " + std::to_string(names.size() - 1) +
             " (the file has " + std::to_string(names.size()) + " lines)";
    return false;
  }
  if (!names[*index].empty()) {
    reason = "class " + fields[0] + " has a name already, `" + names[*index] + "`; remove one of the two lines";
    return false;
  }
  if (fields.size() < 2 || fields.back().empty()) {
    reason = "class " + fields[0] + " has no name; expected the index, a tab, and the name last";
    return false;
  }
  names[*index] = fields.back();
  return true;
}

std::optional<std::vector<std::string>> readClassNames(const std::string &path, std::string &error) {
  std::optional<std::vector<std::string>> lines = readLines(path, error);
  if (!lines)
    return std::nullopt;
  if (lines->empty()) {
    error = quotedName(path) + " is empty, expected class names, one a line";
    return std::nullopt;
  }
  bool indexed = lines->front().find('\t') != std::string::npos;
  std::vector<std::string> names(lines->size());
  for (size_t number = 0; number < lines->size(); ++number) {
    std::string &line = (*lines)[number];
    std::string reason;
    if (indexed && placeName(line, names, reason))
      continue;
    if (!indexed && line.empty())
      reason = "the line is empty, expected the name of class " + std::to_string(number);
    if (!reason.empty()) {
      error = printable(path) + ":" + std::to_string(number + 1) + ": " + reason;
      return std::nullopt;
    }
    names[number] = std::move(line);
  }
  return names;
}

} // namespace skip::data

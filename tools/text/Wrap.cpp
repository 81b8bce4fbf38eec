// Breaks long lines at blanks.
#include "tools/text/Wrap.h"

#include "llvm/ADT/SmallVector.h"

#include <algorithm>

using namespace skip;

/// Where the text of a line begins, behind what it explains.
static size_t textColumn(llvm::StringRef line) {
  constexpr size_t farthest = 40;
  size_t first = line.find_first_not_of(' ');
  if (first == llvm::StringRef::npos)
    return 0;
  size_t gap = line.find("  ", first), text = gap == llvm::StringRef::npos ? gap : line.find_first_not_of(' ', gap);
  return first > 0 && text != llvm::StringRef::npos && text <= farthest ? text : first;
}

static bool isCommand(llvm::StringRef line) {
  return line.starts_with("  ") && (line.ltrim().starts_with("skipc ") || line.ltrim().starts_with("mpirun "));
}

/// The last blank up to `end` at which a line may be broken: outside backticks, if there is such a one behind `begin`.
static size_t lastBlank(llvm::StringRef line, size_t end, size_t begin) {
  size_t last = line.rfind(' ', end + 1);
  for (size_t at = last; at != llvm::StringRef::npos && at > begin; at = line.rfind(' ', at))
    if (line.take_front(at).count('`') % 2 == 0)
      return at;
  return last;
}

/// Appends the line, broken where its text behind `begin` is too long; what goes on is indented by `indent`, and `mark` stands
/// where it was broken.
static void breakLine(std::string line, size_t width, size_t begin, size_t indent, llvm::StringRef mark, std::string &out) {
  for (; line.size() > width; begin = indent) {
    size_t end = lastBlank(line, width - mark.size(), begin);
    if (end == llvm::StringRef::npos || end <= begin)
      end = line.find(' ', std::max(width, begin)); // the word fits no line
    llvm::StringRef rest = end == std::string::npos ? "" : llvm::StringRef(line).drop_front(end).ltrim(' ');
    if (rest.empty())
      break;
    out += llvm::StringRef(line).take_front(end).rtrim(' ').str() + mark.str() + "\n";
    line = std::string(indent, ' ') + rest.str();
  }
  out += line + "\n";
}

std::string tool::wrapped(llvm::StringRef text, size_t width) {
  llvm::SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n');
  std::string out;
  for (size_t i = 0; i < lines.size();) {
    llvm::StringRef line = lines[i++];
    if (isCommand(line)) {
      size_t begin = line.find_first_not_of(' ');
      breakLine(line.str(), width, begin, begin + 4, " \\", out);
      continue;
    }
    size_t indent = textColumn(line), end = i;
    while (end < lines.size() && !isCommand(lines[end]) && lines[end].find_first_not_of(' ') == indent &&
           textColumn(lines[end]) == indent && !line.empty())
      ++end;
    bool isLong = std::any_of(&lines[i - 1], lines.begin() + end, [&](llvm::StringRef each) { return each.size() > width; });
    std::string filled = line.str();
    for (; isLong && i < end; ++i)
      filled += " " + lines[i].ltrim(' ').str();
    breakLine(std::move(filled), width, indent, indent, "", out);
  }
  if (!out.empty())
    out.pop_back(); // the last line had no end of its own
  return out;
}

std::string tool::counted(uint64_t count, llvm::StringRef noun) {
  return std::to_string(count) + " " + noun.str() + (count == 1 ? "" : "s");
}

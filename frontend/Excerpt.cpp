// LLVM's own excerpt is the line's bytes, whatever they do to a terminal, and has no caret under a line that is not ASCII. Here
// the line is laid out first: each of its bytes has a column, and carets, ranges and fix-its are put at columns.
#include "frontend/Excerpt.h"

#include "support/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Unicode.h"

#include <vector>

using namespace skip;

namespace {
class Excerpt {
public:
  explicit Excerpt(const llvm::SMDiagnostic &diagnostic);

  void print(llvm::raw_ostream &os, bool colours) const;

private:
  void layOut(llvm::StringRef part);
  void mark(size_t begin, size_t end);
  void add(const llvm::SMFixIt &fixIt, const char *lineBegin);
  size_t columnOf(size_t byte) const { return columns[std::min(std::max(byte, first), last) - first]; }

  size_t first, last;          ///< the bytes of the line that are shown
  std::vector<size_t> columns; ///< of these bytes and the end
  std::string text, marks, edits;
};
} // namespace

static bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

Excerpt::Excerpt(const llvm::SMDiagnostic &diagnostic) {
  constexpr size_t longest = 240, before = 60;
  llvm::StringRef line = diagnostic.getLineContents();
  auto at = static_cast<size_t>(diagnostic.getColumnNo());
  first = line.size() > longest && at > before ? at - before : 0;
  while (first > 0 && first < at && continues(line[first])) // not from the middle of a character
    ++first;
  last = std::min(first + longest, line.size());
  layOut(line.slice(first, last));
  for (auto [begin, end] : diagnostic.getRanges())
    mark(begin, end);
  for (const llvm::SMFixIt &fixIt : diagnostic.getFixIts())
    add(fixIt, diagnostic.getLoc().getPointer() - at);
  marks[columnOf(at)] = '^';
  marks.resize(marks.find_last_not_of(' ') + 1);
}

void Excerpt::layOut(llvm::StringRef part) {
  size_t column = 0;
  while (!part.empty()) {
    size_t length = printableLength(part);
    std::string shown = part.front() == '\t' ? std::string(8 - column % 8, ' ')
                        : length == 0        ? escapedByte(part.front())
                                             : part.take_front(length).str();
    length = std::max<size_t>(length, 1);
    columns.insert(columns.end(), length, column);
    column += static_cast<size_t>(std::max(0, llvm::sys::unicode::columnWidthUTF8(shown)));
    text += shown;
    part = part.drop_front(length);
  }
  columns.push_back(column);
  marks.assign(column + 1, ' ');
}

/// Along bytes of the line.
void Excerpt::mark(size_t begin, size_t end) {
  for (size_t column = columnOf(begin); column < columnOf(end); ++column)
    marks[column] = '~';
}

/// Below what it replaces, or behind the fix-it that is there already.
void Excerpt::add(const llvm::SMFixIt &fixIt, const char *lineBegin) {
  const char *begin = fixIt.getRange().Start.getPointer(), *end = fixIt.getRange().End.getPointer();
  if (begin < lineBegin + first || begin > lineBegin + last)
    return;
  size_t column = columnOf(static_cast<size_t>(begin - lineBegin));
  edits.resize(edits.empty() ? column : std::max(column, edits.size() + 1), ' ');
  edits += printable(fixIt.getText());
  mark(static_cast<size_t>(begin - lineBegin), static_cast<size_t>(end - lineBegin));
}

void Excerpt::print(llvm::raw_ostream &os, bool colours) const {
  os << text << '\n';
  if (colours)
    os.changeColor(llvm::raw_ostream::GREEN, /*Bold=*/true);
  os << marks;
  if (colours)
    os.resetColor();
  os << '\n';
  if (!edits.empty())
    os << edits << '\n';
}

void skip::frontend::printExcerpt(const llvm::SMDiagnostic &diagnostic, llvm::raw_ostream &os, bool colours) {
  Excerpt(diagnostic).print(os, colours);
}

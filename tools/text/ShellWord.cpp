// Words of commands that people are told to run.
#include "tools/text/ShellWord.h"

#include "support/Printable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace skip;

/// `$'...'`, in which all that a terminal would not show, ends of lines too, has a name or is octal.
static std::string ansiQuoted(llvm::StringRef word) {
  std::string quoted = "$'";
  while (!word.empty()) {
    size_t length = printableLength(word);
    if (length > 0)
      quoted += (word.front() == '\'' || word.front() == '\\' ? "\\" : "") + word.take_front(length).str();
    else if (word.front() == '\n' || word.front() == '\t')
      quoted += word.front() == '\n' ? "\\n" : "\\t";
    else
      for (int value = static_cast<unsigned char>(word.front()), shift = 9; shift > 0; shift -= 3)
        quoted += shift == 9 ? "\\" + std::to_string(value >> 6) : std::to_string(value >> (shift - 3) & 7);
    word = word.drop_front(std::max<size_t>(length, 1));
  }
  return quoted + "'";
}

std::string tool::shellWord(llvm::StringRef word) {
  auto isPlain = [](char c) { return llvm::isAlnum(c) || llvm::StringRef("_-./=,:+@%").contains(c); };
  if (!word.empty() && llvm::all_of(word, isPlain))
    return word.str();
  if (printable(word) != word)
    return ansiQuoted(word);
  std::string quoted = "'";
  for (char c : word)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

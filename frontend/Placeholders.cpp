// A brace that begins no `{name}` is one like any other character.
#include "frontend/Placeholders.h"

#include "llvm/ADT/StringExtras.h"

using namespace skip::frontend;

llvm::SmallVector<TextPart> skip::frontend::partsOf(llvm::StringRef text) {
  llvm::SmallVector<TextPart> parts;
  size_t begin = 0;
  for (size_t open = text.find('{'); open != llvm::StringRef::npos; open = text.find('{', open + 1)) {
    llvm::StringRef name = text.drop_front(open + 1).take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    if (name.empty() || !text.drop_front(open + 1 + name.size()).starts_with("}"))
      continue;
    parts.push_back({text.slice(begin, open), ""});
    parts.push_back({text.substr(open, name.size() + 2), name});
    begin = open + name.size() + 2;
  }
  parts.push_back({text.drop_front(begin), ""});
  return parts;
}

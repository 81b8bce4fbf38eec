// The language's lexical rules, for names that come from elsewhere.
#include "tools/import/Identifier.h"

#include "frontend/Limits.h"
#include "frontend/Signatures.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

using namespace skip;

static bool isKeyword(llvm::StringRef text) {
  static constexpr llvm::StringLiteral keywords[] = {
#define KEYWORD(kind, spelling) spelling,
#include "frontend/Tokens.def"
  };
  return llvm::is_contained(keywords, text);
}

static bool isWord(char c) { return llvm::isAlnum(c) || c == '_'; }

bool onnx::isIdentifier(llvm::StringRef text) {
  return !text.empty() && !llvm::isDigit(text[0]) && llvm::all_of(text, isWord) && !isKeyword(text);
}

bool onnx::isModelName(llvm::StringRef text) { return isIdentifier(text) && !frontend::findOperation(text); }

std::string onnx::identifierOf(llvm::StringRef text, llvm::StringRef otherwise) {
  constexpr size_t longest = 64;
  std::string name;
  for (char c : text.take_front(longest))
    name += isWord(c) ? c : '_';
  bool isMadeUp = name == "x" || llvm::StringRef(name).starts_with("input") || llvm::StringRef(name).starts_with("output");
  return isIdentifier(name) && name != "_" && name != "train" && !isMadeUp ? name : otherwise.str();
}

bool onnx::isPath(llvm::StringRef path) {
  llvm::SmallVector<llvm::StringRef> parts;
  path.split(parts, '.');
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(path.data());
  bool isText = llvm::isLegalUTF8String(&begin, begin + path.size()) &&
                llvm::all_of(path, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 127; });
  // Room for the parameters' own names, and for a number behind it.
  return isText && path.size() + 32 <= frontend::Limits().nameLength && !llvm::is_contained(parts, "");
}

static std::string partText(llvm::StringRef part) {
  constexpr size_t mostDigits = 9;
  bool isName = !llvm::isDigit(part[0]) && llvm::all_of(part, isWord) && part != "_"; // which means something by itself
  if (isName || (llvm::all_of(part, llvm::isDigit) && part.size() <= mostDigits))
    return part.str();
  std::string text = "\"";
  for (char c : part)
    text += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return text + "\"";
}

std::string onnx::labelText(llvm::StringRef path) {
  llvm::SmallVector<llvm::StringRef> parts;
  path.split(parts, '.');
  return llvm::join(llvm::map_range(parts, partText), ".");
}

/// A module in a list is named with its list's name before its own number: `layer1`, `layer1.0`.
std::string onnx::modulePathOf(llvm::StringRef nodeName) {
  llvm::SmallVector<llvm::StringRef> parts, path;
  if (!nodeName.consume_front("/"))
    return {};
  nodeName.split(parts, '/');
  parts.pop_back(); // the operation
  for (llvm::StringRef part : parts) {
    if (!path.empty() && part.starts_with((path.back() + ".").str()))
      path.pop_back();
    path.push_back(part);
  }
  return llvm::join(path, ".");
}

/// "['', 'layer1', 'layer1.0', 'relu_1']": the last is the operation, the one before its module.
std::string onnx::moduleOfScopes(llvm::StringRef scopes) {
  llvm::SmallVector<llvm::StringRef> parts;
  scopes.split(parts, '\'');
  constexpr size_t least = 5; // with what stands before, between and behind two of them
  return parts.size() < least ? std::string() : parts[parts.size() - 4].str();
}

std::string onnx::moduleOf(const Node &node) {
  std::string path = modulePathOf(node.name);
  return path.empty() ? moduleOfScopes(node.scopes) : path;
}

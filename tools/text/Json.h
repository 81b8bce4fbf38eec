// What commands answer with --json (docs/json.md).
#pragma once

#include "tools/text/Failure.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace skip::tool {

/// Raised when a key goes, changes its type or means something else; not for new keys.
inline constexpr int64_t jsonSchema = 1;

/// One object. It is printed when the command has ended, so that what went wrong stands in it beside what was found.
class JsonReply {
public:
  /// Adds attributes to the object.
  void add(llvm::function_ref<void(llvm::json::OStream &)> attributes);
  /// What is the matter; those of one command stand in the list `errors`.
  void addError(Finding error) { errors.push_back(std::move(error)); }
  /// What the user may want to know of a command that went well; those of one command stand in the list `warnings`.
  void addWarning(Finding warning) { warnings.push_back(std::move(warning)); }
  /// The whole object, once; nothing where there is nothing in it.
  void print(llvm::raw_ostream &os, int exitCode);

private:
  void begin();

  std::string text;
  llvm::raw_string_ostream stream{text};
  llvm::json::OStream json{stream, 1};
  bool begun = false, printed = false;
  std::vector<Finding> errors, warnings;
};

/// JSON has neither infinity nor NaN: null.
void addNumber(llvm::json::OStream &json, llvm::StringRef key, double value);

/// Of texts from outside, which may be any bytes.
void addText(llvm::json::OStream &json, llvm::StringRef key, llvm::StringRef text);

} // namespace skip::tool

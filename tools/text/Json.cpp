// The object is written as it comes, into memory.
#include "tools/text/Json.h"

#include <cmath>

using namespace skip;
using tool::Finding;
using tool::JsonReply;

void JsonReply::begin() {
  if (begun)
    return;
  begun = true;
  json.objectBegin();
  json.attribute("schema", jsonSchema);
}

void JsonReply::add(llvm::function_ref<void(llvm::json::OStream &)> attributes) {
  begin();
  attributes(json);
}

/// What is not known of it is left out.
static void writePlace(llvm::json::OStream &json, const Finding &finding) {
  if (!finding.file.empty())
    tool::addText(json, "file", finding.file);
  if (finding.line > 0) {
    json.attribute("line", finding.line);
    json.attribute("column", finding.column);
  }
}

static void writeFindings(llvm::json::OStream &json, llvm::StringRef key, llvm::ArrayRef<Finding> findings);

static void writeFinding(llvm::json::OStream &json, const Finding &finding) {
  tool::addText(json, "message", finding.message);
  if (!finding.code.empty())
    json.attribute("code", finding.code);
  writePlace(json, finding);
  if (!finding.hint.empty())
    tool::addText(json, "hint", finding.hint);
  if (!finding.notes.empty())
    writeFindings(json, "notes", finding.notes);
}

static void writeFindings(llvm::json::OStream &json, llvm::StringRef key, llvm::ArrayRef<Finding> findings) {
  json.attributeArray(key, [&] {
    for (const Finding &finding : findings)
      json.object([&] { writeFinding(json, finding); });
  });
}

void JsonReply::print(llvm::raw_ostream &os, int exitCode) {
  if (printed || (!begun && errors.empty()))
    return;
  printed = true;
  begin();
  if (!warnings.empty())
    writeFindings(json, "warnings", warnings);
  if (!errors.empty()) {
    json.attribute("exit_code", exitCode);
    writeFindings(json, "errors", errors);
  }
  json.objectEnd();
  os << text << "\n";
}

void tool::addNumber(llvm::json::OStream &json, llvm::StringRef key, double value) {
  if (std::isfinite(value))
    json.attribute(key, value);
  else
    json.attribute(key, nullptr);
}

void tool::addText(llvm::json::OStream &json, llvm::StringRef key, llvm::StringRef text) {
  json.attribute(key, llvm::json::fixUTF8(text));
}

// `skipc explain`: the registry of the language's errors.
#include "frontend/Diagnostics.h"
#include "tools/skipc/Commands.h"
#include "tools/text/Failure.h"
#include "tools/text/Table.h"

#include "llvm/Support/JSON.h"

using namespace skip;
using frontend::DiagnosticInfo;

/// Some messages are whole sentences about the case.
static std::string shown(const DiagnosticInfo &info) {
  return info.message == "{0}" ? "..., as the error says" : info.message.str();
}

static void writeJson(llvm::json::OStream &json, const DiagnosticInfo &info) {
  json.object([&] {
    json.attribute("code", info.code);
    json.attribute("message", info.message);
    json.attribute("explanation", info.explanation);
  });
}

static void listAll(bool asJson) {
  if (asJson) {
    llvm::json::OStream json(llvm::outs(), 2);
    json.object([&] {
      json.attributeArray("errors", [&] {
        for (const DiagnosticInfo &info : frontend::allDiagnostics())
          writeJson(json, info);
      });
    });
    llvm::outs() << "\n";
    return;
  }
  tool::Table table({{"code"}, {"message"}});
  for (const DiagnosticInfo &info : frontend::allDiagnostics())
    table.add({info.code.str(), shown(info)});
  table.print(llvm::outs());
}

/// Breaks the explanation, one long line in the registry, at 100 columns.
static void printWrapped(llvm::StringRef text) {
  while (text.size() > 100) {
    size_t space = text.take_front(101).rfind(' ');
    if (space == llvm::StringRef::npos)
      break;
    llvm::outs() << text.take_front(space) << "\n";
    text = text.drop_front(space + 1);
  }
  llvm::outs() << text << "\n";
}

llvm::Error tool::explain(const Options &options) {
  if (options.code.empty()) {
    listAll(options.json);
    return llvm::Error::success();
  }
  const DiagnosticInfo *info = frontend::findDiagnostic(llvm::StringRef(options.code).upper());
  if (!info)
    return badInput("there is no error code `" + options.code + "`; `skipc explain` lists all");
  if (options.json) {
    llvm::json::OStream json(llvm::outs(), 2);
    writeJson(json, *info);
    llvm::outs() << "\n";
    return llvm::Error::success();
  }
  llvm::outs() << info->code << ": " << shown(*info) << "\n\n";
  printWrapped(info->explanation);
  return llvm::Error::success();
}

// `skipc explain`: the registry of the language's errors.
#include "frontend/Diagnostics.h"
#include "tools/skipc/Commands.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/Table.h"

using namespace skip;
using frontend::DiagnosticInfo;

/// Some messages are whole sentences about the case.
static std::string shown(const DiagnosticInfo &info) {
  return info.message == "{0}" ? "..., as the error says" : info.message.str();
}

static void writeJson(llvm::ArrayRef<DiagnosticInfo> infos, tool::JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attributeArray("codes", [&] {
      for (const DiagnosticInfo &info : infos)
        json.object([&] {
          json.attribute("code", info.code);
          json.attribute("message", info.message);
          json.attribute("explanation", info.explanation);
        });
    });
  });
}

static void listAll() {
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
    if (options.json)
      writeJson(frontend::allDiagnostics(), *options.reply);
    else
      listAll();
    return llvm::Error::success();
  }
  const DiagnosticInfo *info = frontend::findDiagnostic(llvm::StringRef(options.code).upper());
  if (!info)
    return badInput("there is no error code `" + options.code + "`", "`skipc explain` lists all");
  if (options.json) {
    writeJson(*info, *options.reply);
    return llvm::Error::success();
  }
  llvm::outs() << info->code << ": " << shown(*info) << "\n\n";
  printWrapped(info->explanation);
  return llvm::Error::success();
}

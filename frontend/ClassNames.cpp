// The names of an output's elements: a list in the spec, or a file with one a line.
#include "frontend/Elaborator.h"

#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/ConvertUTF.h"

using namespace skip;
using namespace skip::frontend;

/// Rule output-2: `classes` names each element of a vector, in order.
void Elaborator::classNames(const ast::Option &option, const Value &value, PortAttributes &attributes, Frame &frame) {
  if (!option.values.empty() || (!option.isList && option.texts.empty())) {
    report(diag::listNeeded, option.range,
           {option.name.text.str(), "a list of texts in `[` `]`, or the name of a file in quotes"}, frame);
    return;
  }
  mlir::OpBuilder &attr = builder.attributes();
  mlir::ArrayAttr names;
  if (option.isList)
    names = attr.getStrArrayAttr(llvm::map_to_vector(option.texts, [](const ast::Identifier &name) { return name.text; }));
  else
    names = classNamesFromFile(option.texts.front(), frame);
  if (!names)
    return;
  if (value.shape().size() != 1 || value.shape()[0] != static_cast<int64_t>(names.size())) {
    report(diag::classCount, option.range, {std::to_string(names.size()), shapeText(value.shape())}, frame)
        .note(value.origin, "the output is made here");
    return;
  }
  attributes.push_back(attr.getNamedAttr(graph::classesAttr, names));
}

/// Rule output-3: the file is found as an import is, and read once for all outputs that it names.
mlir::ArrayAttr Elaborator::classNamesFromFile(const ast::Identifier &wanted, Frame &frame) {
  std::optional<std::string> path = sources.findImport(wanted.text, sources.position(wanted.range.Start).path);
  if (!path) {
    report(diag::classesNotFound, wanted.range, {wanted.text.str()}, frame);
    return {};
  }
  auto [entry, inserted] = classFiles.try_emplace(*path);
  if (inserted)
    entry->second = readClassNames(*path, wanted, frame);
  return entry->second;
}

static llvm::SMRange rangeOf(llvm::StringRef text) {
  return {llvm::SMLoc::getFromPointer(text.begin()), llvm::SMLoc::getFromPointer(text.end())};
}

static bool isUtf8(llvm::StringRef text) {
  auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  return llvm::isLegalUTF8String(&begin, reinterpret_cast<const llvm::UTF8 *>(text.end()));
}

mlir::ArrayAttr Elaborator::readClassNames(llvm::StringRef path, const ast::Identifier &wanted, Frame &frame) {
  if (program.files.size() + classFiles.size() > limits.files) {
    report(diag::tooManyFiles, wanted.range, {std::to_string(limits.files)}, frame);
    return {};
  }
  std::string why;
  std::optional<SourceFile> file = sources.open(path, limits.fileBytes, why);
  if (!file) {
    report(diag::classesUnreadable, wanted.range, {path.str(), why}, frame);
    return {};
  }
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef rest = sources.text(*file);
  rest.consume_front("\xef\xbb\xbf");
  while (!rest.empty()) {
    llvm::StringRef name;
    std::tie(name, rest) = rest.split('\n');
    name.consume_back("\r");
    if (name.trim().empty() || !isUtf8(name)) {
      report(name.trim().empty() ? diag::classNameEmpty : diag::classNameEncoding, rangeOf(name),
             {std::to_string(names.size())}, frame)
          .note(wanted.range, "the class names are read here");
      return {};
    }
    names.push_back(name);
  }
  return builder.attributes().getStrArrayAttr(names);
}

// Reading a spec and its imports. A file is read once however often it is imported; all names share one space.
#include "frontend/Program.h"

#include "frontend/Parser.h"
#include "frontend/Signatures.h"

using namespace skip::frontend;

namespace {

class Loader {
public:
  Loader(Sources &sources, const Limits &limits, Diagnostics &diagnostics, Program &program)
      : sources(sources), limits(limits), diagnostics(diagnostics), program(program) {}

  void load(llvm::StringRef path, llvm::SMRange importedAt);

private:
  void loadImports(const ast::File &file);
  void declare(const ast::File &file);
  void declareDefinition(const ast::Definition &definition);
  void declareChoices(llvm::ArrayRef<ast::Parameter> parameters);
  void applySettings(const ast::File &file);
  void applySetting(const ast::Option &setting);
  bool isNew(llvm::StringRef what, const ast::Identifier &name, const ast::Identifier *earlier);

  Sources &sources;
  const Limits &limits;
  Diagnostics &diagnostics;
  Program &program;
  llvm::StringSet<> finished;
  std::vector<std::string> open; // identities of the files being imported, the outermost first
};

} // namespace

void Loader::load(llvm::StringRef path, llvm::SMRange importedAt) {
  std::string why;
  if (program.files.size() >= limits.files) {
    diagnostics.report(diag::tooManyFiles, importedAt, {std::to_string(limits.files)});
    program.broken = true;
    return;
  }
  std::optional<SourceFile> source = sources.open(path, limits.fileBytes, why);
  if (!source) {
    diagnostics.report(diag::unreadableFile, importedAt, {path.str(), why});
    program.broken = true;
    return;
  }
  if (llvm::is_contained(open, source->identity)) {
    diagnostics.report(diag::importCycle, importedAt, {path.str()});
    return;
  }
  if (!finished.insert(source->identity).second)
    return;
  ast::File &file = program.files.emplace_back(parse(*source, sources.text(*source), program.arena, limits, diagnostics));
  program.broken |= file.broken;
  open.push_back(source->identity);
  loadImports(file);
  open.pop_back();
  declare(file);
  applySettings(file);
}

void Loader::loadImports(const ast::File &file) {
  for (const ast::Import &import : file.imports) {
    if (std::optional<std::string> path = sources.findImport(import.path.text, file.source.path)) {
      load(*path, import.path.range);
      continue;
    }
    diagnostics.report(diag::importNotFound, import.path.range, {import.path.text.str()});
    program.broken = true;
  }
}

bool Loader::isNew(llvm::StringRef what, const ast::Identifier &name, const ast::Identifier *earlier) {
  if (!earlier)
    return true;
  diagnostics.report(diag::declaredTwice, name.range, {what.str(), name.text.str()})
      .note(earlier->range, quoted(name.text) + " is declared here first");
  return false;
}

void Loader::declare(const ast::File &file) {
  for (const ast::Parameter &parameter : file.parameters) {
    if (parameter.name.text.empty())
      continue;
    auto [entry, inserted] = program.parameters.insert({parameter.name.text, {&parameter}});
    isNew("parameter", parameter.name, inserted ? nullptr : &entry->second.parameter->name);
    if (!parameter.fallback && parameter.choices.empty() && !file.broken)
      diagnostics.report(diag::parameterWithoutDefault, parameter.name.range, {parameter.name.text.str()});
  }
  declareChoices(file.parameters);
  for (const ast::Definition *definition : file.definitions)
    declareDefinition(*definition);
}

void Loader::declareDefinition(const ast::Definition &definition) {
  const ast::Definition *earlier = program.blocks.lookup(definition.name.text);
  if (!earlier)
    earlier = program.models.lookup(definition.name.text);
  if (findOperation(definition.name.text))
    diagnostics.report(diag::builtinRedeclared, definition.name.range, {definition.name.text.str()});
  else if (isNew(definition.isModel ? "model" : "block", definition.name, earlier ? &earlier->name : nullptr)) {
    if (definition.isModel)
      program.models.insert({definition.name.text, &definition});
    else
      program.blocks[definition.name.text] = &definition;
  }
  declareChoices(definition.parameters);
}

void Loader::declareChoices(llvm::ArrayRef<ast::Parameter> parameters) {
  for (const ast::Parameter &parameter : parameters)
    for (const ast::Identifier &choice : parameter.choices)
      program.choices.insert(choice.text);
}

void Loader::applySettings(const ast::File &file) {
  for (const ast::Import &import : file.imports)
    for (const ast::Option &setting : import.settings)
      applySetting(setting);
}

/// Rule import-4: an import may set file-level parameters; two imports must not set one parameter.
void Loader::applySetting(const ast::Option &setting) {
  auto entry = program.parameters.find(setting.name.text);
  if (entry == program.parameters.end()) {
    if (program.broken)
      return;
    llvm::SmallVector<llvm::StringRef> known;
    for (const auto &[name, parameter] : program.parameters)
      known.push_back(name);
    diagnostics.report(diag::unknownSetting, setting.name.range, {setting.name.text.str()})
        .suggest(setting.name.text, setting.name.range, known);
    return;
  }
  if (const ast::Option *earlier = entry->second.setting) {
    diagnostics.report(diag::settingConflict, setting.name.range, {setting.name.text.str()})
        .note(earlier->name.range, "it is set here first");
    return;
  }
  if (setting.isList) {
    diagnostics.report(diag::listNotAllowed, setting.range, {setting.name.text.str()});
    return;
  }
  if (!setting.texts.empty()) {
    diagnostics.report(diag::wrongKind, setting.range, {setting.name.text.str(), "a number, a truth or a name", "a text"});
    return;
  }
  entry->second.setting = &setting;
}

llvm::SmallVector<const ast::Definition *> Program::ownModels() const {
  llvm::SmallVector<const ast::Definition *> own, all;
  llvm::DenseSet<const ast::Definition *> inSpec;
  if (!files.empty())
    inSpec.insert(files.front().definitions.begin(), files.front().definitions.end());
  for (const auto &[name, model] : models) {
    all.push_back(model);
    if (inSpec.contains(model))
      own.push_back(model);
  }
  return own.empty() ? all : own;
}

void skip::frontend::loadProgram(Sources &sources, llvm::StringRef path, const Limits &limits, Diagnostics &diagnostics,
                                 Program &program) {
  for (llvm::StringRef name : {"A", "B", "C", "nearest", "bilinear"})
    program.choices.insert(name);
  Loader(sources, limits, diagnostics, program).load(path, {});
}

// Calls the front end's stages in order, for a graph, a list of models, or canonical text.
#include "frontend/Frontend.h"

#include "frontend/Elaborator.h"
#include "frontend/Parser.h"

#include "llvm/ADT/StringExtras.h"

using namespace skip::frontend;

static std::string nameList(llvm::ArrayRef<const ast::Definition *> models) {
  llvm::SmallVector<llvm::StringRef> names;
  for (const ast::Definition *model : models)
    names.push_back(model->name.text);
  return quotedList(names);
}

/// Rule model-1: --model chooses; without it the spec must declare one model, or import one and declare none.
static const ast::Definition *chooseModel(const Program &program, const GraphRequest &request, Diagnostics &diagnostics) {
  llvm::SmallVector<const ast::Definition *> models = program.ownModels();
  if (models.empty()) {
    if (!program.broken)
      diagnostics.report(diag::noModel, {}, {request.path});
    return nullptr;
  }
  if (!request.model.empty()) {
    if (const ast::Definition *model = program.models.lookup(request.model))
      return model;
    diagnostics.report(diag::noSuchModel, {}, {request.model, nameList(models)});
    return nullptr;
  }
  if (models.size() == 1)
    return models.front();
  Report report = diagnostics.report(diag::severalModels, {}, {request.path, nameList(models)});
  for (const ast::Definition *model : llvm::ArrayRef(models).take_front(8))
    report.note(model->name.range, quoted(model->name.text) + " is declared here");
  return nullptr;
}

static bool contains(llvm::SMRange range, const char *place) {
  return range.Start.getPointer() <= place && place < range.End.getPointer();
}

/// Whether what stands at `place` gives a value its name, of which it was said already that nothing reads it.
static bool isOfUnusedValue(ast::Body body, const char *place, const Diagnostics &diagnostics) {
  for (const ast::Statement *statement : body) {
    if (const auto *assignment = llvm::dyn_cast<ast::AssignStatement>(statement)) {
      if (contains(assignment->value->range, place))
        return diagnostics.has(diag::unusedValue, assignment->name.range.Start);
    } else if (const auto *branches = llvm::dyn_cast<ast::IfStatement>(statement)) {
      for (const ast::IfArm &arm : branches->arms)
        if (isOfUnusedValue(arm.body, place, diagnostics))
          return true;
      if (isOfUnusedValue(branches->otherwise, place, diagnostics))
        return true;
    }
  }
  return false;
}

/// Those of the spec itself: what a block of another file leaves unused for its arguments is no finding of its user's.
static void reportDead(llvm::ArrayRef<GraphBuilder::DeadOperation> dead, const Program &program, const Sources &sources,
                       Diagnostics &diagnostics) {
  const llvm::SourceMgr &manager = sources.sourceManager();
  for (const GraphBuilder::DeadOperation &operation : dead) {
    const char *start = operation.at.getPointer(), *end = start;
    const ast::File &spec = program.files.front();
    if (manager.FindBufferContainingLoc(operation.at) != spec.source.buffer)
      continue;
    if (llvm::any_of(spec.definitions,
                     [&](const ast::Definition *definition) { return isOfUnusedValue(definition->body, start, diagnostics); }))
      continue;
    while (llvm::isAlnum(*end) || *end == '_')
      ++end;
    diagnostics.report(diag::deadOperation, {operation.at, llvm::SMLoc::getFromPointer(end)}, {operation.name});
  }
}

ElaboratedModel skip::frontend::elaborateModel(mlir::MLIRContext &context, Sources &sources, const GraphRequest &request,
                                               Diagnostics &diagnostics) {
  Program program;
  loadProgram(sources, request.path, request.limits, diagnostics, program);
  UnknownNames unknown = checkProgram(program, diagnostics);
  const ast::Definition *model = chooseModel(program, request, diagnostics);
  // A file that was lost in part would give errors that are not the user's.
  if (!model || program.broken)
    return {};
  GraphBuilder builder(context, sources, model->name.text, model->name.range.Start);
  Elaborator elaborator(program, sources, unknown, request.limits, diagnostics, builder);
  elaborator.run(*model, request.defines);
  llvm::SmallVector<GraphBuilder::DeadOperation> dead;
  mlir::OwningOpRef<mlir::ModuleOp> module = builder.finish(dead);
  if (diagnostics.hasErrors())
    return {};
  reportDead(dead, program, sources, diagnostics);
  return {std::move(module), elaborator.takeRecipe()};
}

mlir::OwningOpRef<mlir::ModuleOp> skip::frontend::buildGraph(mlir::MLIRContext &context, Sources &sources,
                                                             const GraphRequest &request, Diagnostics &diagnostics) {
  return elaborateModel(context, sources, request, diagnostics).module;
}

static llvm::StringRef textOf(llvm::SMRange range) {
  return {range.Start.getPointer(), size_t(range.End.getPointer() - range.Start.getPointer())};
}

/// `setting` is the text that takes the place of the default, or empty.
static ParameterSummary summarize(const ast::Parameter &parameter, llvm::StringRef setting = {}) {
  if (parameter.choices.empty())
    return {parameter.name.text.str(), !setting.empty()     ? setting.str()
                                       : parameter.fallback ? textOf(parameter.fallback->range).str()
                                                            : ""};
  llvm::SmallVector<llvm::StringRef> choices;
  for (const ast::Identifier &choice : parameter.choices)
    choices.push_back(choice.text);
  // The default stands first.
  auto *first = llvm::find(choices, setting);
  if (first != choices.end())
    std::rotate(choices.begin(), first, first + 1);
  return {parameter.name.text.str(), llvm::join(choices, " | ")};
}

std::vector<ModelSummary> skip::frontend::listModels(Sources &sources, llvm::StringRef path, Diagnostics &diagnostics,
                                                     const Limits &limits) {
  Program program;
  loadProgram(sources, path, limits, diagnostics, program);
  std::vector<ModelSummary> models;
  if (diagnostics.hasErrors())
    return models;
  for (const ast::Definition *model : program.ownModels()) {
    ModelSummary &summary = models.emplace_back(ModelSummary{model->name.text.str(), {}});
    for (const ast::Parameter &parameter : model->parameters)
      summary.parameters.push_back(summarize(parameter));
    for (const auto &[name, global] : program.parameters) {
      llvm::StringRef setting = global.setting ? textOf(global.setting->range) : llvm::StringRef();
      summary.parameters.push_back(summarize(*global.parameter, setting));
    }
  }
  return models;
}

bool skip::frontend::printSyntax(Sources &sources, llvm::StringRef path, Diagnostics &diagnostics, llvm::raw_ostream &os,
                                 const Limits &limits) {
  std::string why;
  std::optional<SourceFile> source = sources.open(path, limits.fileBytes, why);
  if (!source) {
    diagnostics.report(diag::unreadableFile, {}, {path.str(), why});
    return false;
  }
  ast::Arena arena;
  ast::File file = parse(*source, sources.text(*source), arena, limits, diagnostics);
  if (diagnostics.hasErrors())
    return false;
  ast::print(file, os);
  return true;
}

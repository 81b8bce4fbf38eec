// The stages in order.
#include "frontend/Frontend.h"

#include "frontend/Elaborator.h"
#include "frontend/Parser.h"

using namespace skip::frontend;

static std::string nameList(llvm::ArrayRef<const ast::Definition *> models) {
  std::string text;
  for (const ast::Definition *model : models)
    text += (text.empty() ? "`" : ", `") + model->name.text.str() + "`";
  return text;
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
  diagnostics.report(diag::severalModels, {}, {request.path, nameList(models)});
  return nullptr;
}

mlir::OwningOpRef<mlir::ModuleOp> skip::frontend::buildGraph(mlir::MLIRContext &context, Sources &sources,
                                                             const GraphRequest &request, Diagnostics &diagnostics) {
  Program program;
  loadProgram(sources, request.path, request.limits, diagnostics, program);
  UnknownNames unknown = checkProgram(program, diagnostics);
  const ast::Definition *model = chooseModel(program, request, diagnostics);
  // A file that was lost in part would give errors that are not the user's.
  if (!model || program.broken)
    return {};
  GraphBuilder builder(context, sources, model->name.text, model->name.range.Start);
  Elaborator(program, sources, unknown, request.limits, diagnostics, builder).run(*model, request.defines);
  mlir::OwningOpRef<mlir::ModuleOp> module = builder.finish(model->name.range.Start);
  if (diagnostics.hasErrors())
    return {};
  return module;
}

static ParameterSummary summarize(const ast::Parameter &parameter) {
  std::string value;
  for (const ast::Identifier &choice : parameter.choices)
    value += (value.empty() ? "" : " | ") + choice.text.str();
  if (parameter.fallback)
    value.assign(parameter.fallback->range.Start.getPointer(), parameter.fallback->range.End.getPointer());
  return {parameter.name.text.str(), value};
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
      summary.parameters.push_back(summarize(*global.parameter));
      if (const ast::Option *setting = global.setting; setting && global.parameter->choices.empty())
        summary.parameters.back().value.assign(setting->range.Start.getPointer(), setting->range.End.getPointer());
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

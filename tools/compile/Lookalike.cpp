// Every model is elaborated, with every choice of its parameters one at a time: some 30 graphs, in less time than one compiles.
#include "tools/compile/Lookalike.h"

#include "frontend/Frontend.h"
#include "ir/graph/Graph.h"
#include "ir/plan/Plan.h"
#include "tools/compile/Catalogue.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace skip;
using tool::NamedShape;

static constexpr llvm::StringRef depths[] = {"20", "32", "44", "56", "110", "1202"}; // sections 4.2 and 4.3
static constexpr size_t mostOfHead = 2;                                              // its weight and bias

namespace {
using Shape = std::vector<int64_t>;
using Tensors = std::map<std::string, Shape>;

struct Spec {
  std::string path, name;
  std::vector<frontend::Define> defines;
};

/// How a file's tensors are like a model's.
struct Likeness {
  bool names = false, shapes = false;
  int64_t classes = 0; // of the file's head, if they are not the model's
};
} // namespace

/// The spec as it is, and with one parameter of it changed.
static std::vector<Spec> variantsOf(const std::string &name) {
  std::vector<Spec> variants;
  llvm::Expected<std::string> path = tool::findSpec(name);
  if (!path) {
    llvm::consumeError(path.takeError());
    return variants;
  }
  frontend::Sources sources(tool::importFolders({}));
  frontend::Diagnostics diagnostics(sources);
  for (const frontend::ModelSummary &model : frontend::listModels(sources, *path, diagnostics)) {
    variants.push_back({*path, model.name, {}});
    for (const frontend::ParameterSummary &parameter : model.parameters) {
      llvm::SmallVector<llvm::StringRef> choices;
      llvm::StringRef(parameter.value).split(choices, " | ");
      llvm::ArrayRef<llvm::StringRef> others =
          parameter.name == "depth" && choices.size() == 1 ? llvm::ArrayRef(depths) : llvm::ArrayRef(choices).drop_front();
      for (llvm::StringRef other : others)
        variants.push_back({*path, model.name, {{parameter.name, other.str()}}});
    }
  }
  return variants;
}

static Tensors tensorsOf(const Spec &spec) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<graph::GraphDialect, plan::PlanDialect, mlir::func::FuncDialect>();
  frontend::Sources sources(tool::importFolders({}));
  frontend::Diagnostics diagnostics(sources);
  Tensors tensors;
  if (mlir::OwningOpRef<mlir::ModuleOp> module =
          frontend::buildGraph(context, sources, {spec.path, spec.name, spec.defines, {}}, diagnostics))
    for (auto parameter : module->getOps<graph::ParameterOp>())
      tensors[parameter.getSymName().str()] = parameter.getTensorType().getShape().vec();
  return tensors;
}

/// The first number of all shapes that differ, which are those of the head; 0 if none differ, -1 if they differ otherwise.
static int64_t classesOf(const Tensors &file, const Tensors &model) {
  int64_t classes = 0;
  size_t others = 0;
  for (const auto &[name, shape] : file) {
    const Shape &wanted = model.at(name);
    if (shape == wanted)
      continue;
    bool isOfHead = !shape.empty() && !wanted.empty() && (classes == 0 || shape.front() == classes) &&
                    llvm::ArrayRef(shape).drop_front() == llvm::ArrayRef(wanted).drop_front();
    if (!isOfHead || ++others > mostOfHead)
      return -1;
    classes = shape.front();
  }
  return classes;
}

static std::vector<Shape> sortedShapes(const Tensors &tensors) {
  std::vector<Shape> shapes;
  for (const auto &[name, shape] : tensors)
    shapes.push_back(shape);
  llvm::sort(shapes);
  return shapes;
}

static Likeness compare(const Tensors &file, const Tensors &model) {
  if (file.size() != model.size())
    return {};
  bool sameNames = llvm::all_of(file, [&](const auto &entry) { return model.count(entry.first) > 0; });
  if (int64_t classes = sameNames ? classesOf(file, model) : -1; classes >= 0)
    return {.names = true, .classes = classes};
  return {.shapes = sortedShapes(file) == sortedShapes(model)};
}

static std::string textOf(const Spec &spec, int64_t classes) {
  std::string text = "`" + spec.name;
  for (const frontend::Define &define : spec.defines)
    text += " -D " + define.name + "=" + define.value;
  return text + (classes ? " -D classes=" + std::to_string(classes) : "") + "`";
}

std::string tool::lookalike(llvm::ArrayRef<NamedShape> tensors) {
  Tensors file;
  for (const NamedShape &tensor : tensors)
    file[tensor.name] = Shape(tensor.shape.begin(), tensor.shape.end());
  std::vector<std::string> byNames, byShapes;
  for (const std::string &name : catalogueModels()) {
    std::string ofNames, ofShapes; // the first of the spec's, for some parameters change no tensor
    for (const Spec &spec : variantsOf(name)) {
      Likeness likeness = compare(file, tensorsOf(spec));
      if (likeness.names && ofNames.empty())
        ofNames = textOf(spec, likeness.classes);
      else if (likeness.shapes && ofShapes.empty())
        ofShapes = textOf(spec, 0);
    }
    if (!ofNames.empty())
      byNames.push_back(ofNames);
    if (!ofShapes.empty())
      byShapes.push_back(ofShapes);
  }
  if (!byNames.empty())
    return "it looks like " + llvm::join(byNames, " or ") + " of the catalogue";
  return byShapes.empty() ? "" : "under other names it has the shapes of " + llvm::join(byShapes, " or ") + " of the catalogue";
}

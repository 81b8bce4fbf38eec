// In a plan a batch norm is folded into the filter, and relu and addition stand in the convolution's kernel, so that nobody
// writes what lies between. As outputs of the model these values must be there, and the passes leave relu and addition to steps
// of their own: the kernels are those of inference otherwise.
#include "tools/running/Responses.h"

#include "ir/graph/Graph.h"
#include "ir/graph/GraphShapes.h"

#include <cmath>

using namespace skip;
using tool::Response;
using tool::Spread;

static bool isThreeByThree(graph::Conv2dOp conv) {
  llvm::ArrayRef<int64_t> filter = llvm::cast<mlir::RankedTensorType>(conv.getFilter().getType()).getShape();
  return filter[2] == 3 && filter[3] == 3;
}

/// Behind the batch norm, where there is one.
static mlir::Value responseOf(graph::Conv2dOp conv) {
  mlir::Value result = conv.getResult();
  if (!result.hasOneUse())
    return result;
  auto norm = llvm::dyn_cast<graph::BatchNormOp>(*result.user_begin());
  return norm ? norm.getResult() : result;
}

/// The place of `value` among the function's results, as one more unless it is there.
static unsigned exposed(mlir::func::FuncOp model, mlir::Value value, const std::string &name) {
  mlir::Operation *end = model.getBody().front().getTerminator();
  unsigned count = end->getNumOperands();
  for (unsigned i = 0; i < count; ++i)
    if (end->getOperand(i) == value)
      return i;
  mlir::Builder builder(model.getContext());
  end->insertOperands(count, value);
  auto attributes = builder.getDictionaryAttr(builder.getNamedAttr(graph::nameAttr, builder.getStringAttr(name)));
  (void)model.insertResult(count, value.getType(), attributes); // a result behind the last always fits
  return count;
}

std::vector<Response> tool::exposeResponses(mlir::func::FuncOp model) {
  std::vector<Response> responses;
  for (auto conv : model.getOps<graph::Conv2dOp>()) {
    if (!isThreeByThree(conv))
      continue;
    mlir::Value value = responseOf(conv);
    unsigned output = exposed(model, value, "response" + std::to_string(responses.size()));
    llvm::ArrayRef<int64_t> shape = llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
    responses.push_back({graph::valueName(conv.getLoc()).str(), output, graph::elementsPerImage(shape.drop_front())});
  }
  return responses;
}

/// Two passes over the values, then Chan's formula for two sets.
void Spread::add(llvm::ArrayRef<float> values) {
  if (values.empty())
    return;
  double sum = 0, apart = 0, added = static_cast<double>(values.size());
  for (float value : values)
    sum += value;
  double middle = sum / added;
  for (float value : values)
    apart += (value - middle) * (value - middle);
  double total = count + added, distance = middle - mean;
  mean += distance * added / total;
  squares += apart + distance * distance * count * added / total;
  count = total;
}

double Spread::deviation() const { return count > 0 ? std::sqrt(squares / count) : 0; }

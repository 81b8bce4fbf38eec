// A problem's sizes are those of the operation's operands, its images those that the section is to have.
#include "ir/plan/Problems.h"

#include "ir/plan/Sections.h"

using namespace mlir;
using namespace skip;
using namespace skip::plan;

static llvm::ArrayRef<int64_t> shapeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()).getShape(); }

bool plan::hasPlanarInput(Operation *op) {
  auto conv = llvm::dyn_cast<graph::Conv2dOp>(op);
  return conv && ::shapeOf(conv.getFilter())[1] < 16 && llvm::isa<BlockArgument>(conv.getX());
}

static void readConv(graph::Conv2dOp conv, ConvProblem &problem) {
  llvm::ArrayRef<int64_t> filter = shapeOf(conv.getFilter()), out = shapeOf(conv.getY());
  problem.outChannels = filter[0];
  problem.inChannels = filter[1];
  problem.kernelHeight = filter[2];
  problem.kernelWidth = filter[3];
  problem.stride = int64_t(conv.getStride());
  problem.padding = int64_t(conv.getPadding());
  problem.outHeight = out[2];
  problem.outWidth = out[3];
  problem.planarInput = hasPlanarInput(conv);
}

static void readLinear(graph::LinearOp linear, ConvProblem &problem) {
  llvm::ArrayRef<int64_t> filter = shapeOf(linear.getFilter());
  problem.isLinear = true;
  problem.outChannels = filter[0];
  problem.inChannels = filter[1];
  auto flatten = linear.getX().getDefiningOp<graph::FlattenOp>();
  if (llvm::ArrayRef<int64_t> picture = flatten ? shapeOf(flatten.getX()) : filter; flatten && picture.size() == 4) {
    problem.inChannels = picture[1];
    problem.kernelHeight = picture[2];
    problem.kernelWidth = picture[3];
  }
}

std::optional<ConvProblem> plan::problemOf(Operation *op, int64_t batch, Isa isa) {
  ConvProblem problem;
  if (auto conv = llvm::dyn_cast<graph::Conv2dOp>(op))
    readConv(conv, problem);
  else if (auto linear = llvm::dyn_cast<graph::LinearOp>(op))
    readLinear(linear, problem);
  else
    return std::nullopt;
  problem.images = preferredImages(op, batch);
  problem.isa = static_cast<SkipIsa>(isa);
  return problem;
}

ConvScheduleAttr plan::scheduleAttribute(MLIRContext *context, const ConvSchedule &schedule) {
  return ConvScheduleAttr::get(context, schedule.ocBlocks, schedule.rows, schedule.columns, schedule.tails,
                               schedule.unitBlocks);
}

ConvSchedule plan::scheduleOf(ConvScheduleAttr attribute) {
  return {attribute.getOcBlocks(), attribute.getRows(), attribute.getColumns(),
          std::vector<int64_t>(attribute.getTails().begin(), attribute.getTails().end()), attribute.getUnitBlocks()};
}

#include "codegen/nvptx/kernel/GroupProduct.h"

#include "ir/plan/Layout.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace skip;
using namespace skip::nvptx;
namespace LLVM = mlir::LLVM;
namespace NVVM = mlir::NVVM;

LLVM::InlineAsmOp nvptx::assembly(Builder &b, mlir::Type result, llvm::StringRef text, llvm::StringRef constraints,
                                  ValueRange values) {
  auto *context = b.op.getContext();
  return LLVM::InlineAsmOp::create(b.op, result, values, b.op.getStringAttr(text), b.op.getStringAttr(constraints),
                                   /*has_side_effects=*/b.op.getUnitAttr(), /*is_align_stack=*/{},
                                   LLVM::TailCallKindAttr::get(context, LLVM::TailCallKind::None), {}, {});
}

Values nvptx::passed(Builder &b, llvm::StringRef text, const std::string &registers, ValueRange values) {
  if (values.empty()) {
    assembly(b, {}, text, "", {});
    return {};
  }
  std::string constraints;
  for (size_t i = 0; i < values.size(); ++i)
    constraints += "=" + registers + ",";
  for (size_t i = 0; i < values.size(); ++i)
    constraints += std::to_string(i) + ",";
  constraints.pop_back();
  llvm::SmallVector<mlir::Type> types(values.getTypes());
  Value all = assembly(b, LLVM::LLVMStructType::getLiteral(b.op.getContext(), types), text, constraints, values).getRes();
  Values after;
  for (size_t i = 0; i < values.size(); ++i)
    after.push_back(LLVM::ExtractValueOp::create(b.op, all, static_cast<int64_t>(i)));
  return after;
}

static NVVM::WGMMATypes typeOf(plan::Element element) {
  switch (element) {
  case plan::Element::f16:
    return NVVM::WGMMATypes::f16;
  case plan::Element::bf16:
    return NVVM::WGMMATypes::bf16;
  case plan::Element::f32:
  case plan::Element::tf32:
    break;
  }
  llvm_unreachable("a product that takes its rows from registers");
}

Value nvptx::groupProduct(Builder &b, Value sums, Value rows, Value columns, int64_t n, plan::Element element) {
  auto *context = b.op.getContext();
  auto type = NVVM::WGMMATypesAttr::get(context, typeOf(element));
  auto one = NVVM::WGMMAScaleInAttr::get(context, NVVM::WGMMAScaleIn::one);
  int64_t depth = kStepBytes / plan::elementBytes(element);
  return NVVM::WgmmaMmaAsyncOp::create(
      b.op, sums.getType(), sums, rows, columns,
      NVVM::MMAShapeAttr::get(context, static_cast<int>(kGroupRows), static_cast<int>(n), static_cast<int>(depth)), type, type,
      NVVM::WGMMATypesAttr::get(context, NVVM::WGMMATypes::f32),
      NVVM::WGMMAScaleOutAttr::get(context, NVVM::WGMMAScaleOut::one), one, one,
      NVVM::MMALayoutAttr::get(context, NVVM::MMALayout::row), NVVM::MMALayoutAttr::get(context, NVVM::MMALayout::col), {});
}

Value nvptx::groupProduct(Builder &b, Value sums, ValueRange rows, Value columns, int64_t n) {
  int64_t count = n / 2;
  std::string result, constraints;
  for (int64_t i = 0; i < count; ++i) {
    result += (i ? ", $" : "$") + std::to_string(i);
    constraints += "=f,";
  }
  for (int64_t i = 0; i < count; ++i)
    constraints += std::to_string(i) + ",";
  auto operand = [&](int64_t index) { return "$" + std::to_string(2 * count + index); };
  std::string text = "{ .reg .pred adds; setp.ne.b32 adds, 1, 0; wgmma.mma_async.sync.aligned.m64n" + std::to_string(n) +
                     "k8.f32.tf32.tf32 {" + result + "}, {" + operand(0) + ", " + operand(1) + ", " + operand(2) + ", " +
                     operand(3) + "}, " + operand(4) + ", adds, 1, 1; }";
  Values values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(LLVM::ExtractValueOp::create(b.op, sums, i));
  values.append(rows.begin(), rows.end());
  values.push_back(columns);
  return assembly(b, sums.getType(), text, constraints + "r,r,r,r,l", values).getRes();
}

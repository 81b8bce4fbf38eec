#include "codegen/nvptx/kernel/Fragments.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace skip;
using namespace skip::nvptx;
namespace LLVM = mlir::LLVM;
namespace NVVM = mlir::NVVM;

Values nvptx::loadMatrices(Builder &b, Value address) {
  constexpr int64_t matrices = 4;
  auto *context = b.op.getContext();
  auto type = LLVM::LLVMStructType::getLiteral(context, llvm::SmallVector<mlir::Type>(matrices, b.op.getI32Type()));
  Value all = NVVM::LdMatrixOp::create(b.op, type, address, matrices, NVVM::MMALayout::row,
                                       NVVM::LdStMatrixShapeAttr::get(context, 8, 8), NVVM::LdStMatrixEltType::B16);
  Values words;
  for (int64_t i = 0; i < matrices; ++i)
    words.push_back(LLVM::ExtractValueOp::create(b.op, all, i));
  return words;
}

Value nvptx::roundedToTf32(Builder &b, Value word) {
  Value value = LLVM::BitcastOp::create(b.op, b.op.getF32Type(), word);
  return NVVM::ConvertFloatToTF32Op::create(b.op, b.op.getI32Type(), value, NVVM::FPRoundingMode::RNA);
}

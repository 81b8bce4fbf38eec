// The direct way through a Strassen kernel's units.
#include "codegen/x86/kernel/StrassenDirect.h"

#include "codegen/x86/kernel/DirectTile.h"
#include "runtime/Balance.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace skip::kernel;
namespace arith = mlir::arith;

Value skip::kernel::isUnlike(Builder &b, const ConvOperands &operands) {
  Value any;
  for (const ConvRootOperands &root : operands.roots) {
    Value factors = b.at(root.weights, b.mul(operands.outBlocks, root.weightBlock));
    Value before = b.add(root.inBlocks, b.mul(operands.outBlocks, 2)); // runtime::unlikeFlag
    Value flag = b.loadScalar(b.at(factors, b.mul(before, kLanes)));
    Value zero = arith::ConstantOp::create(b.op, b.op.getF32FloatAttr(0));
    Value isSet = arith::CmpFOp::create(b.op, arith::CmpFPredicate::ONE, flag, zero);
    any = any ? arith::OrIOp::create(b.op, any, isSet) : isSet;
  }
  return any;
}

void skip::kernel::emitUnitsDirectly(Builder &b, const ConvSpec &spec, const ConvOperands &operands, StrassenUnits &units) {
  int64_t blocks = spec.schedule.ocBlocks, columns = spec.schedule.columns;
  b.loop(b.begin(), b.end(), 1, [&](Value index) {
    StrassenPlace at = units.place(index);
    b.loop(b.constant(0), b.constant(spec.schedule.unitBlocks), blocks, [&](Value block) {
      b.loop(b.constant(0), at.rows, 1, [&](Value row) {
        b.loop(b.constant(0), operands.outColumns, columns, [&](Value column) {
          ConvTile tile{blocks, 1, columns, at.image, b.add(at.block, block), b.add(at.row, row), column};
          emitDirectTile(b, spec, operands, tile);
        });
      });
    });
    writeResultHalo(b, operands, at.image, at.block, b.constant(spec.schedule.unitBlocks), at.row, at.rows);
  });
}

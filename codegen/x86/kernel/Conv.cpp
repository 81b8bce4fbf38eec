// Direct convolutions: work units cut into register tiles (ConvUnits.cpp). A unit also writes the zeros around its rows.
#include "codegen/x86/kernel/ConvUnits.h"
#include "codegen/x86/kernel/DirectTile.h"
#include "codegen/x86/kernel/Strassen.h"

using namespace skip::kernel;

void skip::kernel::emitConv(mlir::ModuleOp module, llvm::StringRef name, const ConvSpec &spec) {
  if (spec.schedule.unitBlocks > 0)
    return emitStrassenConv(module, name, spec);
  Builder b(module, name);
  b.keepOrder();
  ConvOperands operands = loadOperands(b, spec);
  forEachStrip(b, operands, spec.schedule, [&](const ConvTile &strip) {
    forEachTile(b, spec.schedule, operands.outColumns, strip,
                [&](const ConvTile &tile) { emitDirectTile(b, spec, operands, tile); });
    if (!spec.imagesAreColumns)
      writeResultHalo(b, operands, strip.image, strip.block, b.constant(strip.blocks), strip.row, b.constant(strip.rows));
  });
  b.finish();
}

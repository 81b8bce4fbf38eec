// Padding channels of the input are zero, and so are their sums.
#include "codegen/x86/kernel/ChannelSums.h"
#include "codegen/x86/kernel/Doubles.h"
#include "codegen/x86/kernel/PictureSums.h"

using namespace skip::kernel;
using Param = ChannelSumsParam;

void skip::kernel::emitChannelSums(mlir::ModuleOp module, llvm::StringRef name, const ChannelSumsSpec &) {
  Builder b(module, name);
  b.forEachUnit({1, 1, 1}, [&](std::array<Value, 3> position) {
    Value block = b.at(b.operand(0), b.mul(position[1], b.param(Param::inBlock)));
    Values sum = b.loop(b.constant(0), b.param(Param::images), 1, doubles(b, 0.0), [&](Value image, ValueRange carried) {
      View plane;
      plane.pointer = b.at(block, b.mul(image, b.param(Param::inImage)));
      plane.row = b.param(Param::inRow);
      return addPicture(b, {b.param(Param::rows), b.param(Param::columns), {plane}}, carried,
                        [&](ValueRange pixel, llvm::MutableArrayRef<Value> sums) { sums[0] = plus(b, sums[0], pixel[0]); });
    });
    b.store(toFloats(b, sum[0]), b.at(b.operand(1), b.mul(position[1], kLanes)));
  });
  b.finish();
}

// One block of a spec, from all its uses.
#pragma once

#include "tools/import/Parameters.h"
#include "tools/import/Shape.h"
#include "tools/import/Spec.h"

namespace skip::onnx {

/// Uses of one block.
struct Cluster {
  std::vector<const LocalBlock *> uses;
  bool varies = false; ///< some have a projection, some have not
  std::string name;
  BlockParameters parameters{0};
};

/// Writes the block that all of the cluster's uses are, and gives the cluster its name and parameters. The names of
/// `spec` and of the blocks that it has are taken. False where no condition tells the uses with a projection from those
/// without.
bool buildBlock(const Net &net, Cluster &cluster, const Spec &spec, Block &block);

/// Whether a line begins with the operation.
bool beginsLine(llvm::StringRef operation);

} // namespace skip::onnx

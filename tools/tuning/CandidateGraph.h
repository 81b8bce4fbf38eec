// A network of one contraction, planned by one choice: what is measured of any target.
#pragma once

#include "ir/graph/ContractionSizes.h"

#include "llvm/Support/Error.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace skip::tool {

/// Relu before the contraction unless its input is planar, bias and relu behind it. Text of the graph dialect.
std::string candidateGraph(const graph::ContractionSizes &sizes, bool planarInput = false);

/// Extents of an image of its input, and of its filter. The input's follow from the output's.
std::vector<int64_t> candidateInput(const graph::ContractionSizes &sizes);
std::vector<int64_t> candidateFilter(const graph::ContractionSizes &sizes);

/// The product of extents.
int64_t elementsOf(llvm::ArrayRef<int64_t> dims);

/// How a candidate is to be planned.
struct CandidatePlan {
  mlir::Attribute target;
  std::string problem, choice; ///< as tables of tuning have them
  int64_t images = 1;
};

/// The plan of a candidate's graph, by the pipeline and annotations of a build with a tuning database.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> planCandidate(mlir::MLIRContext &context, const std::string &graph,
                                                                const CandidatePlan &how);

} // namespace skip::tool

// The registration of the graph dialect's operations, which TableGen defines in pieces (ir/graph/CMakeLists.txt).
#pragma once

#include "ir/graph/Graph.h"

namespace skip::graph {

/// Registers all; each of the others registers the operations of its piece.
void registerGraphDialectOperations(GraphDialect *dialect);
void registerGraphDialectOperations0(GraphDialect *dialect);
void registerGraphDialectOperations1(GraphDialect *dialect);
void registerGraphDialectOperations2(GraphDialect *dialect);
void registerGraphDialectOperations3(GraphDialect *dialect);

} // namespace skip::graph

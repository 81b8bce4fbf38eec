// Graphs: the order of their nodes.
#pragma once

#include "emulator/driver/Work.h"

#include <vector>

namespace skip::driver {

/// Nodes that are not done while all before them are. There is one as long as not all are done: nodes follow earlier ones only.
std::vector<size_t> readyNodes(const std::vector<NodeState> &nodes, const std::vector<bool> &done);

/// Nodes that no other one follows.
std::vector<size_t> leaves(const GraphNodes &graph);

} // namespace skip::driver

#include "emulator/driver/Graphs.h"

#include <algorithm>

namespace skip::driver {

using cuda::GraphNodeType;

std::vector<size_t> readyNodes(const std::vector<NodeState> &nodes, const std::vector<bool> &done) {
  std::vector<size_t> ready;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (!done[i] && std::all_of(nodes[i].after.begin(), nodes[i].after.end(), [&](size_t before) { return done[before]; }))
      ready.push_back(i);
  return ready;
}

std::vector<size_t> leaves(const GraphNodes &graph) {
  std::vector<bool> followed(graph.nodes.size());
  for (const NodeState &node : graph.nodes)
    for (size_t before : node.after)
      followed[before] = true;
  std::vector<size_t> found;
  for (size_t i = 0; i < followed.size(); ++i)
    if (!followed[i])
      found.push_back(i);
  return found;
}

GraphNodeType typeOf(const Work &work) {
  struct Type {
    GraphNodeType operator()(const NoWork &) const { return GraphNodeType::empty; }
    GraphNodeType operator()(const KernelWork &) const { return GraphNodeType::kernel; }
    GraphNodeType operator()(const CopyWork &) const { return GraphNodeType::memcpy; }
    GraphNodeType operator()(const FillWork &) const { return GraphNodeType::memset; }
    GraphNodeType operator()(const HostWork &) const { return GraphNodeType::host; }
    GraphNodeType operator()(const EventWork &) const { return GraphNodeType::eventRecord; }
    GraphNodeType operator()(const GraphWork &) const { return GraphNodeType::graph; }
  };
  return std::visit(Type{}, work);
}

} // namespace skip::driver

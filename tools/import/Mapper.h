// The state of a mapping: what each name of the graph stands for.
#pragma once

#include "tools/import/NodeMapping.h"

#include "llvm/ADT/StringSet.h"

namespace skip::onnx {

class Mapper {
public:
  explicit Mapper(const Model &model);
  llvm::Expected<Net> run();

private:
  friend class NodeMapping;

  llvm::Error readInputs();
  llvm::Expected<NetPort> readInput(const Port &port);
  llvm::Error mapNode(const Node &node);
  llvm::Error mapOutputs();
  /// Computes a node whose inputs are all constants, or that asks for sizes. False where it is no such node.
  llvm::Expected<bool> fold(const Node &node);
  void dropRead(const Node &node);
  llvm::Expected<Mapped *> find(llvm::StringRef name, const llvm::Twine &reader);
  llvm::Error set(const Node &node, Mapped mapped);
  /// Writes down arithmetic, which must be an activation of the language.
  llvm::Error write(Mapped &mapped);
  /// Writes down what is pending.
  llvm::Error settle(Mapped &mapped);
  /// A name of the language for an input or output, which no other has.
  std::string portName(llvm::StringRef name, llvm::StringRef otherwise, bool isOnly);
  llvm::Error fail(const llvm::Twine &what) const;

  const Model &model;
  Net net;
  int64_t batch = 0;
  llvm::StringMap<Mapped> values;
  llvm::StringMap<size_t> uses, unread; ///< of each value: by nodes and outputs; those that have not been folded
  llvm::StringSet<> portNames;
  int64_t foldedElements = 0, foldedWork = 0, mostFolded, mostWork;
};

} // namespace skip::onnx

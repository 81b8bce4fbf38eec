// The state of a mapping: what each name of the graph stands for.
#pragma once

#include "tools/import/Evaluate.h"
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
  llvm::Error setFolded(const Node &node, llvm::ArrayRef<Value> results, const Constant *first);
  void dropRead(const Node &node);
  llvm::Expected<Mapped *> find(llvm::StringRef name, const llvm::Twine &reader);
  llvm::Error set(const Node &node, Mapped mapped, size_t output = 0);
  /// Writes down arithmetic, which must be an activation of the language.
  llvm::Error write(Mapped &mapped);
  /// Writes down what is pending.
  llvm::Error settle(Mapped &mapped);
  /// The image with zeros around it, or every so many rows and columns of it, of sizes `dims`.
  llvm::Expected<ValueId> addWindow(const Node &node, ValueId x, const Pending &window, const Dims &dims);
  /// A line of a value, as a node asks for it; its constants are counted.
  llvm::Expected<ValueId> addLine(const Node &node, ValueId x, const Line &line);
  /// Counts constants that are made, of which a file cannot have any number.
  llvm::Error charge(const Node &node, int64_t elements);
  /// The path of an operation that the file has no weight for, `layer1.0.scale`, by the module that the node is of; empty where
  /// nothing says which.
  std::string madeUpPath(const Node &node, llvm::StringRef what);
  /// Whether anything reads a value.
  bool isUsed(llvm::StringRef name) const { return uses.lookup(name) > 0; }
  /// A name of the language for an input or output, which no other has.
  std::string portName(llvm::StringRef name, llvm::StringRef otherwise, bool isOnly);
  /// Of one that something else than the norm reads.
  llvm::Error failMoment(const Moment &moment) const;
  llvm::Error fail(const llvm::Twine &what) const;

  const Model &model;
  Net net;
  int64_t batch = 0;
  llvm::StringMap<Mapped> values;
  llvm::StringMap<size_t> uses, unread; ///< of each value: by nodes and outputs; those that have not been folded
  llvm::StringSet<> portNames;
  llvm::StringMap<unsigned> madeUp; ///< how often a path was made up
  int64_t foldedElements = 0, foldedWork = 0, mostFolded, mostWork;
};

} // namespace skip::onnx

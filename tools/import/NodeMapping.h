// One node on its way into a net, for the mappers of operations.
#pragma once

#include "tools/import/Attributes.h"
#include "tools/import/Formula.h"
#include "tools/import/Mapping.h"

#include "llvm/ADT/StringMap.h"

#include <array>

namespace skip::onnx {

/// Zeros around an image and steps over its rows and columns, not yet written down: the convolution behind them may take the
/// zeros, and steps of both directions come one by one.
struct Pending {
  const Node *node = nullptr; ///< the last that asked for it; null: nothing is pending
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  int64_t channelsBefore = 0, channelsAfter = 0;
  int64_t rowStep = 1, columnStep = 1;
};

/// A part of the norm of a vector x that is written out, (x - mean) / sqrt(variance + epsilon), as it stands before opset 17.
struct Moment {
  enum class Kind { Mean, Centered, Square, Variance, Shifted, Deviation };

  Kind kind;
  ValueId x;
  std::vector<int64_t> dims;  ///< of x, as the graph has it
  const Node *node = nullptr; ///< that makes it
  double epsilon = 0;         ///< of what is shifted
};

/// What a name of the graph stands for: a constant, or a value of the net. A pooled image of 1x1 is a vector in the net. The
/// graph may see a value of the net under any sizes that keep the batch, the order of the elements and the rows and columns of
/// an image: [N, 2, 64, 8, 8] is an image of 128 channels.
struct Mapped {
  std::vector<int64_t> dims; ///< as the graph has it, with the batch
  std::optional<Constant> constant = {};
  bool isComputed = false; ///< a constant that is not the file's own
  ValueId value = 0;       ///< not yet where `formula` is not written down
  Pending pending = {};
  std::optional<Formula> formula = {}; ///< arithmetic that it is; stays when it is written down
  bool isWritten = true;
  const Node *repeatedBy = nullptr;  ///< a value for each channel, repeated over an image of `dims`
  std::optional<Moment> moment = {}; ///< it is only a part of a norm
};

class Mapper;

class NodeMapping {
public:
  NodeMapping(Mapper &mapper, const Node &node) : attributes(node), mapper(mapper), node(node) {}

  const Model &model() const;
  Net &net() const;
  const Node &getNode() const { return node; }
  int64_t batch() const;
  llvm::Error fail(const llvm::Twine &what) const;
  /// "[N, 64, 56, 56]", where the file leaves the batch open.
  std::string sizes(llvm::ArrayRef<int64_t> dims) const;
  bool has(size_t i) const { return i < node.inputs.size() && !node.inputs[i].empty(); }
  size_t count() const { return node.inputs.size(); }
  bool isConstant(size_t i) const;

  /// An input that is no constant, with nothing pending, and a value of the net, whatever sizes the graph sees it under.
  llvm::Expected<const Mapped *> view(size_t i) const;
  /// The same under sizes of its own: [N, channels, height, width], or [N, features] and any ones behind it. A vector that the
  /// graph sees as an image becomes one.
  llvm::Expected<const Mapped *> activation(size_t i) const;
  /// The same, with what is pending; or a factor of `mul`, which may be repeated over an image; or as it is.
  llvm::Expected<const Mapped *> pendingActivation(size_t i) const;
  llvm::Expected<const Mapped *> factor(size_t i) const;
  llvm::Expected<const Mapped *> anyActivation(size_t i) const;
  /// Its arithmetic that is not written down; of any other value, the value itself.
  llvm::Expected<Formula> formula(size_t i) const;
  /// The same, of an image.
  llvm::Expected<const Mapped *> image(size_t i) const;
  llvm::Expected<const Constant *> constant(size_t i, llvm::StringRef what) const;
  /// The part of a norm that an input is; null where it is none.
  const Moment *moment(size_t i) const;
  /// A constant of one number, which changes no sizes of rank `rank`.
  std::optional<double> number(size_t i, size_t rank) const;
  /// The elements of a constant of whole numbers.
  llvm::Expected<std::vector<int64_t>> integers(size_t i, llvm::StringRef what) const;
  /// Axes stand in an attribute before opset `since`, then in input `i`; each from 0 to rank - 1, ascending.
  llvm::Expected<std::vector<int64_t>> axes(size_t i, int64_t since, size_t rank);
  /// The image that a value is flattened of; of any other, the value itself.
  ValueId imageOf(ValueId value) const;
  /// How many nodes and outputs read input `i`.
  size_t usesOf(size_t i) const;

  /// The result: what `call` makes, a value of the net under other sizes, or with something pending.
  llvm::Error add(Call call, std::vector<int64_t> dims);
  llvm::Error alias(const Mapped &mapped, size_t output = 0);
  llvm::Error add(Formula formula, std::vector<int64_t> dims);
  /// x under the graph's sizes of `as`, by a line.
  llvm::Error add(const Line &line, const Mapped &as);
  /// A part of the result.
  llvm::Expected<ValueId> part(Call call) const;
  llvm::Expected<ValueId> line(ValueId x, const Line &line);
  /// Counts constants that are made.
  llvm::Error charge(int64_t elements);
  /// Whether anything reads that output.
  bool isUsed(size_t output) const;

  /// Names an operation by its weight (`layer1.0.conv1.weight`), its node or the modules that that is of. A weight that other
  /// nodes read too names only an operation of its own module.
  std::string pathOf(const Constant &weight) const;

  Attributes attributes;

private:
  Mapper &mapper;
  const Node &node;
};

llvm::Error mapConvolution(NodeMapping &node);
/// The product of two values.
llvm::Error mapAttention(NodeMapping &node);
/// Whether the node is a part of a norm that is written out; then it is mapped.
llvm::Expected<bool> mapMoment(NodeMapping &node);

using NodeMapper = llvm::Error (*)(NodeMapping &);
struct NodeMapperEntry {
  llvm::StringLiteral name;
  NodeMapper map;
};
/// The operations of each file.
llvm::ArrayRef<NodeMapperEntry> layerMappers(), poolMappers(), shapeMappers(), partMappers(), elementwiseMappers(),
    arithmeticMappers(), normMappers();

} // namespace skip::onnx

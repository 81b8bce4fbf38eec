// An ONNX file as Skip sees it: a graph of named nodes whose values are named too, in an order that computes each before its
// use.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace skip::onnx {

/// By the format's numbers. Others are refused when they are read.
enum class ElementType : int32_t {
  Float = 1,
  Uint8 = 2,
  Int8 = 3,
  Int32 = 6,
  Int64 = 7,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  Bfloat16 = 16,
};

using Dims = llvm::SmallVector<int64_t, 4>;

/// A constant. `bytes` are as many as its type and sizes say, little-endian; `owner` keeps them alive.
struct Constant {
  std::string name;
  ElementType type = ElementType::Float;
  Dims dims;
  std::shared_ptr<const void> owner;
  llvm::StringRef bytes;
};

/// An attribute of a kind that no operation known here has: a graph, say.
struct OtherKind {
  int32_t number;
};

struct Attribute {
  std::string name;
  std::variant<int64_t, double, std::string, Constant, std::vector<int64_t>, std::vector<double>, std::vector<std::string>,
               OtherKind>
      value;
};

struct Node {
  std::string name, operation, domain;
  std::string scopes; ///< the modules that it is of, as PyTorch writes them: "['', 'layer1', 'layer1.0', 'relu']"; may be empty
  std::vector<std::string> inputs, outputs; ///< an empty name is an input or output that is left out
  std::vector<Attribute> attributes;
};

/// Of an input or output: a size, or nothing where the file names none.
struct Port {
  std::string name;
  ElementType type = ElementType::Float;
  std::vector<std::optional<int64_t>> dims;
};

struct Model {
  std::string path;     ///< for texts
  std::string producer; ///< "pytorch 2.9", say; may be empty
  int64_t opset = 0;
  std::vector<Port> inputs; ///< without those that have an initializer, and those that nothing reads and that are no images
  std::vector<Port> outputs;
  std::vector<Constant> initializers;
  std::vector<Node> nodes;
  std::vector<std::string> notes; ///< of what was passed over, for people, escaped
};

/// "node 17 of 122, `/layer1/conv1/Conv` (Conv)": what a text says of where something is. Names are escaped.
std::string placeOf(const Model &model, const Node &node);

} // namespace skip::onnx

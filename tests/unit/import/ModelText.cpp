// Words to protobuf messages.
#include "tests/unit/import/ModelText.h"

#include "tools/import/Onnx.pb.h"
#include "tools/weights/Random.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <cstring>

using namespace skip;
namespace wire = onnx::wire;

using Words = llvm::ArrayRef<llvm::StringRef>;

static constexpr int64_t mostElements = 1 << 14;

static int64_t number(llvm::StringRef word) {
  int64_t value = 0;
  word.getAsInteger(10, value);
  return value;
}

static void addPort(wire::ValueInfo &port, Words words) {
  port.set_name(words[0].str());
  wire::TensorType &type = *port.mutable_type()->mutable_tensor_type();
  type.set_elem_type(1);
  for (llvm::StringRef word : words.drop_front()) {
    wire::Dimension &dim = *type.mutable_shape()->add_dim();
    if (int64_t size = 0; word.getAsInteger(10, size))
      dim.set_dim_param(word.str());
    else
      dim.set_dim_value(size);
  }
}

static void addWeight(wire::TensorProto &tensor, Words words) {
  tensor.set_name(words[0].str());
  tensor.set_data_type(1);
  int64_t count = 1;
  for (llvm::StringRef word : words.drop_front()) {
    tensor.add_dims(number(word));
    count = number(word) >= 0 && number(word) <= mostElements ? count * number(word) : mostElements + 1;
    count = std::min(count, mostElements + 1);
  }
  tool::Random random(1, words[0]);
  std::string bytes;
  for (int64_t i = 0; i < count && count <= mostElements; ++i) {
    float value = random.uniform(0.5F, 1);
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  tensor.set_raw_data(bytes);
}

static void addNumbers(wire::TensorProto &tensor, Words words, bool areReal) {
  tensor.set_name(words[0].str());
  tensor.set_data_type(areReal ? 1 : 7);
  if (!areReal)
    tensor.add_dims(static_cast<int64_t>(words.size()) - 1);
  for (llvm::StringRef word : words.drop_front()) {
    double value = 0;
    word.getAsDouble(value);
    if (areReal)
      tensor.add_float_data(static_cast<float>(value));
    else
      tensor.add_int64_data(number(word));
  }
}

static void addAttribute(wire::NodeProto &node, llvm::StringRef key, llvm::StringRef value) {
  if (key == "name")
    return node.set_name(value.str());
  if (key == "domain")
    return node.set_domain(value.str());
  if (key == "module") {
    wire::StringPair &scopes = *node.add_metadata_props();
    scopes.set_key("pkg.torch.onnx.name_scopes");
    scopes.set_value(("['', '" + value + "', 'operation']").str());
    return;
  }
  wire::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(key.str());
  int64_t whole = 0;
  double real = 0;
  if (value.contains(',')) {
    llvm::SmallVector<llvm::StringRef> items;
    value.split(items, ',', -1, /*KeepEmpty=*/false);
    for (llvm::StringRef item : items)
      attribute.add_ints(number(item));
    attribute.set_type(7);
  } else if (!value.getAsInteger(10, whole)) {
    attribute.set_i(whole);
    attribute.set_type(2);
  } else if (!value.getAsDouble(real)) {
    attribute.set_f(static_cast<float>(real));
    attribute.set_type(1);
  } else {
    attribute.set_s(value.str());
    attribute.set_type(3);
  }
}

static void addNode(wire::NodeProto &node, Words words) {
  node.set_op_type(words[0].str());
  bool behind = false;
  for (llvm::StringRef word : words.drop_front()) {
    if (word == ">")
      behind = true;
    else if (auto [key, value] = word.split('='); word.contains('='))
      addAttribute(node, key, value);
    else
      (behind ? node.add_output() : node.add_input())->assign(word == "-" ? "" : word.str());
  }
}

std::string test::onnxFile(llvm::StringRef text) {
  wire::ModelProto model;
  model.set_ir_version(8);
  wire::OperatorSet &set = *model.add_opset_import();
  set.set_version(17);
  wire::GraphProto &graph = *model.mutable_graph();
  llvm::SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    llvm::SmallVector<llvm::StringRef> words;
    line.split(words, ' ', -1, /*KeepEmpty=*/false);
    if (words.size() < 2)
      continue;
    Words rest = Words(words).drop_front();
    if (words[0] == "opset")
      set.set_version(number(rest[0]));
    else if (words[0] == "input" || words[0] == "output")
      addPort(words[0] == "input" ? *graph.add_input() : *graph.add_output(), rest);
    else if (words[0] == "weight")
      addWeight(*graph.add_initializer(), rest);
    else if (words[0] == "ints" || words[0] == "floats")
      addNumbers(*graph.add_initializer(), rest, words[0] == "floats");
    else if (words[0] == "node")
      addNode(*graph.add_node(), rest);
  }
  return model.SerializeAsString();
}

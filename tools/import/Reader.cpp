// Protobuf reads the file; what it gives is checked and moved into structs of our own, so that nothing behind this file knows
// of the format. A message may declare any number of empty parts in two bytes each, which protobuf's objects are a hundred
// times as large as: a file is refused that has more parts than a network needs.
#include "tools/import/Reader.h"

#include "tools/import/CountParts.h"
#include "tools/import/Onnx.pb.h"
#include "tools/import/ReadTensor.h"
#include "tools/import/Constant.h"

#include "runtime/Error.h"
#include "runtime/MappedFile.h"
#include "support/Printable.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

using namespace skip;
using namespace skip::onnx;

static constexpr int64_t leastOpset = 11, mostOpset = 20;
static constexpr size_t mostParts = 1'000'000;

std::string onnx::placeOf(const Model &model, const Node &node) {
  std::string text = "node";
  if (&node >= model.nodes.data() && &node < model.nodes.data() + model.nodes.size())
    text += " " + std::to_string(&node - model.nodes.data() + 1) + " of " + std::to_string(model.nodes.size());
  if (!node.name.empty())
    text += ", `" + printable(node.name) + "`";
  return text + " (" + printable(node.operation) + ")";
}

namespace {
class ModelReader {
public:
  ModelReader(llvm::StringRef path, const OpenExternal &openExternal) : openExternal(openExternal) { model.path = path.str(); }
  llvm::Expected<Model> read(wire::ModelProto &proto);

private:
  llvm::Error fail(const llvm::Twine &what) const { return tool::badInput("`" + model.path + "`: " + what); }
  llvm::Error readOpsets(const wire::ModelProto &proto);
  llvm::Error readInitializers(wire::GraphProto &graph);
  llvm::Error readPorts(const wire::GraphProto &graph);
  llvm::Expected<Port> readPort(const wire::ValueInfo &info, llvm::StringRef what);
  llvm::Error readNode(wire::NodeProto &proto);
  llvm::Expected<Attribute> readAttribute(wire::AttributeProto &proto, const Node &node);

  const OpenExternal &openExternal;
  Model model;
};
} // namespace

llvm::Error ModelReader::readOpsets(const wire::ModelProto &proto) {
  for (const wire::OperatorSet &set : proto.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      model.opset = set.version();
  if (model.opset < leastOpset || model.opset > mostOpset)
    return fail("it is of opset " + llvm::Twine(model.opset) + ", those from " + llvm::Twine(leastOpset) + " to " +
                llvm::Twine(mostOpset) + " are read; export it with another `opset_version`");
  return llvm::Error::success();
}

llvm::Error ModelReader::readInitializers(wire::GraphProto &graph) {
  if (graph.sparse_initializer_size() > 0)
    return fail("it has sparse initializers, which are not read");
  for (wire::TensorProto &proto : *graph.mutable_initializer()) {
    llvm::Expected<Constant> tensor = readTensor(proto, model.path, openExternal);
    if (!tensor)
      return tensor.takeError();
    model.initializers.push_back(std::move(*tensor));
  }
  return llvm::Error::success();
}

llvm::Expected<Port> ModelReader::readPort(const wire::ValueInfo &info, llvm::StringRef what) {
  Port port;
  port.name = info.name();
  const wire::TensorType &type = info.type().tensor_type();
  if (type.elem_type() != static_cast<int32_t>(ElementType::Float))
    return fail("the " + what + " `" + printable(port.name) + "` is of type " + llvm::Twine(type.elem_type()) +
                " of the format's list, not float32");
  for (const wire::Dimension &dim : type.shape().dim())
    port.dims.push_back(dim.has_dim_value() ? std::optional(dim.dim_value()) : std::nullopt);
  return port;
}

/// Of known sizes, but for the batch.
static bool isImage(const wire::ValueInfo &info) {
  constexpr int rank = 4;
  const wire::TensorType &type = info.type().tensor_type();
  const auto &dims = type.shape().dim();
  return type.elem_type() == static_cast<int32_t>(ElementType::Float) && dims.size() == rank &&
         std::all_of(dims.begin() + 1, dims.end(), [](const wire::Dimension &dim) { return dim.has_dim_value(); });
}

/// Older files list initializers among the inputs. Exporters leave inputs that nothing reads: masks, numbers of steps.
llvm::Error ModelReader::readPorts(const wire::GraphProto &graph) {
  llvm::StringSet<> constants;
  for (const Constant &tensor : model.initializers)
    constants.insert(tensor.name);
  llvm::StringSet<> used;
  for (const wire::NodeProto &node : graph.node())
    used.insert(node.input().begin(), node.input().end());
  for (const wire::ValueInfo &info : graph.output())
    used.insert(info.name());
  for (const wire::ValueInfo &info : graph.input()) {
    if (constants.contains(info.name()))
      continue;
    if (!used.contains(info.name()) && !isImage(info)) {
      model.notes.push_back("the input `" + printable(info.name()) + "`, which is no image, is passed over: nothing reads it");
      continue;
    }
    llvm::Expected<Port> port = readPort(info, "input");
    if (!port)
      return port.takeError();
    model.inputs.push_back(std::move(*port));
  }
  for (const wire::ValueInfo &info : graph.output()) {
    llvm::Expected<Port> port = readPort(info, "output");
    if (!port)
      return port.takeError();
    model.outputs.push_back(std::move(*port));
  }
  return llvm::Error::success();
}

llvm::Expected<Attribute> ModelReader::readAttribute(wire::AttributeProto &proto, const Node &node) {
  enum Kind : int32_t { Float = 1, Int = 2, String = 3, TensorKind = 4, Floats = 6, Ints = 7, Strings = 8 };
  Attribute attribute{proto.name(), OtherKind{proto.type()}};
  if (!proto.ref_attr_name().empty())
    return fail(placeOf(model, node) + ": attribute `" + printable(proto.name()) + "` is a function's parameter");
  switch (proto.type()) {
  case Float:
    attribute.value = static_cast<double>(proto.f());
    break;
  case Int:
    attribute.value = proto.i();
    break;
  case String:
    attribute.value = proto.s();
    break;
  case TensorKind: {
    llvm::Expected<Constant> tensor = readTensor(*proto.mutable_t(), model.path, openExternal);
    if (!tensor)
      return tensor.takeError();
    attribute.value = std::move(*tensor);
    break;
  }
  case Floats:
    attribute.value = std::vector<double>(proto.floats().begin(), proto.floats().end());
    break;
  case Ints:
    attribute.value = std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
    break;
  case Strings:
    attribute.value = std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    break;
  default: // stays of another kind, which whoever asks for the attribute refuses
    break;
  }
  return attribute;
}

llvm::Error ModelReader::readNode(wire::NodeProto &proto) {
  Node &node = model.nodes.emplace_back();
  node.name = proto.name();
  node.operation = proto.op_type();
  node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  for (const wire::StringPair &pair : proto.metadata_props())
    if (pair.key() == "pkg.torch.onnx.name_scopes")
      node.scopes = pair.value();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  for (wire::AttributeProto &attribute : *proto.mutable_attribute()) {
    llvm::Expected<Attribute> read = readAttribute(attribute, node);
    if (!read)
      return read.takeError();
    node.attributes.push_back(std::move(*read));
  }
  return llvm::Error::success();
}

llvm::Expected<Model> ModelReader::read(wire::ModelProto &proto) {
  if (!proto.has_graph() || proto.ir_version() < 1)
    return fail("it is not an ONNX model: it has no " + llvm::Twine(proto.has_graph() ? "format version" : "graph"));
  model.producer = proto.producer_name() + (proto.producer_version().empty() ? "" : " " + proto.producer_version());
  if (llvm::Error error = readOpsets(proto))
    return error;
  wire::GraphProto &graph = *proto.mutable_graph();
  if (llvm::Error error = readInitializers(graph))
    return error;
  if (llvm::Error error = readPorts(graph))
    return error;
  model.nodes.reserve(static_cast<size_t>(graph.node_size()));
  for (wire::NodeProto &node : *graph.mutable_node())
    if (llvm::Error error = readNode(node))
      return error;
  return std::move(model);
}

llvm::Expected<Model> onnx::readModel(llvm::StringRef file, llvm::StringRef path, const OpenExternal &openExternal) {
  constexpr size_t most = INT32_MAX; // protobuf's own limit
  if (file.size() > most)
    return tool::badInput("`" + path + "` has " + llvm::Twine(file.size()) + " bytes, at most " + llvm::Twine(most) +
                          " are read; export the weights as external data");
  if (size_t parts = countParts(file); parts > mostParts)
    return tool::badInput("`" + path + "` has " + llvm::Twine(parts) + " nodes, values, attributes and texts, at most " +
                          llvm::Twine(mostParts) + " are read");
  wire::ModelProto proto;
  if (!proto.ParseFromArray(file.data(), static_cast<int>(file.size())))
    return tool::badInput("`" + path + "` is not an ONNX file, or is cut short");
  return ModelReader(path, openExternal).read(proto);
}

static llvm::Expected<ExternalFile> mapFile(const std::string &path) {
  auto file = std::make_shared<runtime::MappedFile>();
  if (file->open(path.c_str()) != SKIP_OK)
    return tool::badInput(runtime::lastErrorText());
  llvm::StringRef bytes(reinterpret_cast<const char *>(file->data()), file->size());
  return ExternalFile{file, bytes};
}

llvm::Expected<Model> onnx::readModelFile(llvm::StringRef path) {
  llvm::Expected<ExternalFile> file = mapFile(path.str());
  if (!file)
    return file.takeError();
  llvm::StringMap<ExternalFile> opened;
  return readModel(file->bytes, path, [&](llvm::StringRef name) -> llvm::Expected<ExternalFile> {
    if (auto found = opened.find(name); found != opened.end())
      return found->second;
    llvm::SmallString<128> beside = llvm::sys::path::parent_path(path);
    llvm::sys::path::append(beside, name);
    llvm::Expected<ExternalFile> external = mapFile(beside.str().str());
    if (external)
      opened[name] = *external;
    return external;
  });
}

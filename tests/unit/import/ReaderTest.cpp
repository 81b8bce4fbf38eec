// What the reader of ONNX files takes, and what it refuses.
#include "tests/unit/import/ModelText.h"
#include "tools/import/Constant.h"
#include "tools/import/CountParts.h"
#include "tools/import/Onnx.pb.h"
#include "tools/import/Reader.h"

#include <catch2/catch.hpp>

using namespace skip;
namespace wire = onnx::wire;

static const std::string beside(16, '\1');

static llvm::Expected<onnx::Model> read(const wire::ModelProto &proto) {
  return onnx::readModel(proto.SerializeAsString(), "net.onnx", [](llvm::StringRef) -> llvm::Expected<onnx::ExternalFile> {
    return onnx::ExternalFile{nullptr, beside};
  });
}

static wire::ModelProto modelWith(wire::TensorProto tensor) {
  wire::ModelProto model;
  model.ParseFromString(test::onnxFile("input x N 1 1 1\noutput y N\n"));
  tensor.set_name("t");
  *model.mutable_graph()->add_initializer() = std::move(tensor);
  return model;
}

static std::string errorOf(wire::TensorProto tensor) {
  llvm::Expected<onnx::Model> model = read(modelWith(std::move(tensor)));
  return model ? "" : llvm::toString(model.takeError());
}

static std::vector<double> elements(wire::TensorProto tensor) {
  llvm::Expected<onnx::Model> model = read(modelWith(std::move(tensor)));
  REQUIRE(bool(model));
  return onnx::elementsOf(model->initializers[0]);
}

static wire::TensorProto tensor(int32_t type, std::vector<int64_t> dims) {
  wire::TensorProto proto;
  proto.set_data_type(type);
  for (int64_t dim : dims)
    proto.add_dims(dim);
  return proto;
}

TEST_CASE("constants come from raw bytes, from lists, or from another file") {
  wire::TensorProto floats = tensor(1, {2});
  floats.add_float_data(1.5F);
  floats.add_float_data(-2);
  CHECK(elements(floats) == std::vector<double>{1.5, -2});
  wire::TensorProto halves = tensor(10, {1});
  halves.add_int32_data(0x3C00);
  CHECK(elements(halves) == std::vector<double>{1});
  wire::TensorProto raw = tensor(7, {});
  raw.set_raw_data(std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8));
  CHECK(elements(raw) == std::vector<double>{-1});
  wire::TensorProto external = tensor(3, {2});
  external.set_data_location(1);
  for (auto [key, value] : {std::pair("location", "a/b.data"), std::pair("offset", "14"), std::pair("length", "2")}) {
    wire::StringPair &pair = *external.add_external_data();
    pair.set_key(key);
    pair.set_value(value);
  }
  CHECK(elements(external) == std::vector<double>{1, 1});
  external.mutable_external_data(1)->set_value("15");
  CHECK_THAT(errorOf(external), Catch::Contains("takes bytes 15 to 17 of `a/b.data`, which has 16; is the file whole?"));
  external.mutable_external_data(1)->set_value("18446744073709551615");
  CHECK_THAT(errorOf(external), Catch::Contains("is the file whole?"));
  for (const char *outside : {"../b", "/etc/passwd", "a/../../b", "", "a\\b"}) {
    external.mutable_external_data(0)->set_value(outside);
    CHECK_THAT(errorOf(external), Catch::Contains("which is not in the model's folder"));
  }
}

TEST_CASE("sizes are not believed") {
  CHECK_THAT(errorOf(tensor(1, {1 << 20, 1 << 20, 1 << 20, 1 << 20})), Catch::Contains("has sizes that no memory holds"));
  CHECK_THAT(errorOf(tensor(1, {-1})), Catch::Contains("has sizes that no memory holds"));
  CHECK_THAT(errorOf(tensor(1, {0, int64_t(1) << 40, int64_t(1) << 40})), Catch::Contains("has sizes that no memory holds"));
  CHECK_THAT(errorOf(tensor(1, {1 << 30})), Catch::Contains("has 0 numbers where its sizes say 1073741824"));
  wire::TensorProto raw = tensor(1, {2});
  raw.set_raw_data("1234567");
  CHECK_THAT(errorOf(raw), Catch::Contains("tensor `t` has 7 bytes where its sizes say 8"));
  CHECK_THAT(errorOf(tensor(1, {1, 1, 1, 1, 1, 1, 1, 1, 1})), Catch::Contains("has 9 dimensions, at most 8 are read"));
  CHECK_THAT(errorOf(tensor(8, {1})), Catch::Contains("is of type 8 of the format's list, which is not read"));
}

TEST_CASE("names are escaped where an error has them") {
  wire::ModelProto model = modelWith(tensor(8, {1}));
  model.mutable_graph()->mutable_initializer(0)->set_name("a\x1b[2Jb");
  llvm::Expected<onnx::Model> refused = read(model);
  REQUIRE(!refused);
  CHECK_THAT(llvm::toString(refused.takeError()), Catch::Contains("tensor `a\\x1b[2Jb`"));
}

TEST_CASE("parts are counted before objects are made of them") {
  CHECK(onnx::countParts(std::string("\x3a\4\x0a\0\x0a\0", 6)) == 3);
  wire::ModelProto model = modelWith(tensor(1, {2}));
  wire::NodeProto &node = *model.mutable_graph()->add_node();
  node.add_input("x");
  node.add_attribute()->set_name("axis");
  // The tensor with its name, the node with its input, attribute and the attribute's name.
  CHECK(onnx::countParts(model.SerializeAsString()) ==
        onnx::countParts(test::onnxFile("input x N 1 1 1\noutput y N\n")) + 2 + 4);
  std::string empty(2'000'002, '\0');
  for (size_t i = 0; i < empty.size(); i += 2)
    empty[i] = '\x0a';                           // a node
  std::string file = "\x3a\x82\x89\x7a" + empty; // a graph of them, of 2,000,002 bytes
  llvm::Expected<onnx::Model> refused =
      onnx::readModel(file, "net.onnx", [](llvm::StringRef) -> llvm::Expected<onnx::ExternalFile> {
        return onnx::ExternalFile{nullptr, beside};
      });
  REQUIRE(!refused);
  CHECK_THAT(llvm::toString(refused.takeError()),
             Catch::Contains("has 1000002 nodes, values, attributes and texts, at most 1000000"));
}

TEST_CASE("bytes that are no protobuf are counted up to them") {
  for (const char *text :
       {"", "\x3a", "\x3a\x7f\x0a", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x3f", "\x3a\x02\x0a\x7f"})
    CHECK(onnx::countParts(text) <= 1);
}

// From a few lines of ONNX to the text of a spec.
#include "tests/unit/import/ModelText.h"
#include "tools/import/Import.h"
#include "tools/import/Reader.h"

#include "llvm/ADT/StringExtras.h"

#include <catch2/catch.hpp>

using namespace skip;

static llvm::Expected<onnx::Imported> import(const std::string &text) {
  llvm::Expected<onnx::Model> model =
      onnx::readModel(test::onnxFile(text), "net.onnx",
                      [](llvm::StringRef) -> llvm::Expected<onnx::ExternalFile> { return onnx::ExternalFile{}; });
  return model ? onnx::importModel(*model, "net") : model.takeError();
}

/// Blocks and model, without the comment.
static std::string specOf(const std::string &text) {
  llvm::Expected<onnx::Imported> imported = import("input image N 3 8 8\n" + text);
  if (!imported)
    return llvm::toString(imported.takeError());
  return imported->spec.substr(imported->spec.find("\n\n") + 2);
}

static std::string conv(const std::string &x, const std::string &path, int outputs, int inputs, int kernel, int stride,
                        const std::string &y) {
  std::string pad = std::to_string((kernel - 1) / 2), k = std::to_string(kernel), s = std::to_string(stride);
  return "weight " + path + ".weight " + std::to_string(outputs) + " " + std::to_string(inputs) + " " + k + " " + k +
         "\nnode Conv " + x + " " + path + ".weight > " + y + " kernel_shape=" + k + "," + k + " strides=" + s + "," + s +
         " pads=" + pad + "," + pad + "," + pad + "," + pad + "\n";
}

/// y = relu(conv2(relu(conv1(x))) + x), where x is projected if its channels change.
static std::string block(const std::string &x, const std::string &path, int width, int inputs, const std::string &y) {
  std::string text = conv(x, path + ".conv1", width, inputs, 3, 1, y + "a") + "node Relu " + y + "a > " + y + "b\n" +
                     conv(y + "b", path + ".conv2", width, width, 3, 1, y + "c");
  std::string side = x;
  if (width != inputs) {
    side = y + "s";
    text += conv(x, path + ".proj", width, inputs, 1, 1, side);
  }
  return text + "node Add " + y + "c " + side + " > " + y + "d\nnode Relu " + y + "d > " + y + "\n";
}

static constexpr const char *head = "node GlobalAveragePool x > p\nnode Flatten p > y\noutput y N 4\n";

TEST_CASE("blocks of one kind are one definition, with what differs as parameters") {
  CHECK(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.0", 4, 4, "b") + block("b", "body.1", 4, 4, "c") +
               block("c", "tail.0", 8, 4, "d") + block("d", "tail.1", 8, 8, "x") + head) ==
        R"(block basic(x, width) {
  y = x |> conv1: conv(width, 3) |> relu
    |> conv2: conv(width, 3)
  if channels(x) != width {
    z = x |> proj: conv(width, 1)
  } else {
    z = x
  }
  return relu(y + z)
}

model net {
  input image[3, 8, 8]
  output y = image |> stem: conv(4, 3)
    |> body: repeat(2, basic, 4)
    |> tail: repeat(2, basic, 8)
    |> global_avg_pool
}
)");
}

TEST_CASE("a block that is used once stands where it is used") {
  CHECK(specOf(conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.0", 4, 4, "x") + head) ==
        R"(model net {
  input image[3, 8, 8]
  z = image |> stem: conv(4, 3)
  u = z |> body.0.conv1: conv(4, 3) |> relu
    |> body.0.conv2: conv(4, 3)
  output y = relu(u + z) |> global_avg_pool
}
)");
}

TEST_CASE("what only counts from 0 is a repeat") {
  std::string spec =
      specOf(conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.1", 4, 4, "b") + block("b", "body.2", 4, 4, "x") + head);
  CHECK(llvm::StringRef(spec).contains("|> body.1: basic\n    |> body.2: basic\n"));
}

TEST_CASE("a value that others read inside of it is no block") {
  std::string text = conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.0", 4, 4, "b") +
                     block("b", "body.1", 4, 4, "c") + "node Add c bb > x\n" + head; // bb is inside of body.0
  std::string spec = specOf(text);
  CHECK(llvm::StringRef(spec).contains("body.0.conv1: conv(4, 3)"));
  CHECK(!llvm::StringRef(spec).contains("block"));
}

TEST_CASE("parts of labels are quoted where they need it") {
  std::string spec = specOf(conv("image", "stem-1.3x3", 4, 3, 3, 1, "x") + head);
  CHECK(llvm::StringRef(spec).contains("\"stem-1\".\"3x3\": conv(4, 3)"));
}

TEST_CASE("operations without a name are numbered, and a name is given once") {
  std::string spec = specOf("weight a 4 3 1 1\nweight twin.weight 4 4 1 1\nnode Conv image a > b\nnode Conv b twin.weight > c\n"
                            "node Conv c twin.weight > x\n" +
                            std::string(head));
  CHECK(llvm::StringRef(spec).contains("|> conv1: conv(4, 1)"));
  CHECK(llvm::StringRef(spec).contains("|> twin: conv(4, 1)"));
  CHECK(llvm::StringRef(spec).contains("|> conv2: conv(4, 1)"));
}

TEST_CASE("blocks that the file has no names for are found by their shape") {
  std::string text = conv("image", "stem", 4, 3, 3, 1, "a") + block("a", "body.0", 4, 4, "b") +
                     block("b", "body.1", 4, 4, "c") + block("c", "tail.0", 8, 4, "d") + block("d", "tail.1", 8, 8, "x") + head;
  for (size_t at; (at = text.find(".weight")) != std::string::npos;)
    text.replace(at, 7, "_w");
  CHECK(specOf(text) == R"(block basic(x, width) {
  y = x |> conv1: conv(width, 3) |> relu
    |> conv2: conv(width, 3)
  if channels(x) != width {
    z = x |> downsample.0: conv(width, 1)
  } else {
    z = x
  }
  return relu(y + z)
}

model net {
  input image[3, 8, 8]
  output y = image |> conv1: conv(4, 3)
    |> layer1: repeat(2, basic, 4)
    |> layer2: repeat(2, basic, 8)
    |> global_avg_pool
}
)");
}

TEST_CASE("what no output needs is left out") {
  CHECK(specOf(conv("image", "stem", 4, 3, 3, 1, "x") + conv("x", "dead", 4, 4, 3, 1, "z") + head) ==
        R"(model net {
  input image[3, 8, 8]
  output y = image |> stem: conv(4, 3) |> global_avg_pool
}
)");
}

TEST_CASE("a constant behind a convolution without a bias is its bias") {
  std::string spec = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + "weight shift 4 1 1\nnode Add a shift > x\n" + head);
  CHECK(llvm::StringRef(spec).contains("stem: conv(4, 3, bias = true)"));
  std::string wrong = specOf(conv("image", "stem", 4, 3, 3, 1, "a") + "weight shift 1 8 8\nnode Add a shift > x\n" + head);
  CHECK(llvm::StringRef(wrong).contains(
      "node 2 of 4 (Add): it adds a constant of [1, 8, 8] to [N, 4, 8, 8], which is no value for "
      "each channel"));
}

TEST_CASE("zeros before a convolution are its padding") {
  std::string spec = specOf("ints pads 0 0 2 2 0 0 2 2\nnode Pad image pads > a\n" + conv("a", "stem", 4, 3, 3, 1, "x") + head);
  CHECK(llvm::StringRef(spec).contains("stem: conv(4, 3, pad = 3)"));
  CHECK(llvm::StringRef(specOf("ints pads 0 0 2 2 0 0 2 2\nnode Pad image pads > a\nnode Relu a > x\n" + std::string(head)))
            .contains("(Pad): Skip pads images only before a convolution, with zeros"));
}

// The names and shapes of the checkpoint that comes with the catalogue.
#include "tests/unit/frontend/Spec.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

using namespace skip::frontend::test;

/// The tensors that a safetensors file holds: 8 bytes of length, then that much JSON.
static std::map<std::string, std::vector<int64_t>> checkpointTensors(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  REQUIRE(buffer);
  llvm::StringRef bytes = (*buffer)->getBuffer();
  uint64_t length = llvm::support::endian::read64le(bytes.data());
  llvm::Expected<llvm::json::Value> header = llvm::json::parse(bytes.substr(8, length));
  REQUIRE(bool(header));
  std::map<std::string, std::vector<int64_t>> tensors;
  for (auto &[name, entry] : *header->getAsObject())
    if (const llvm::json::Array *shape = entry.getAsObject()->getArray("shape"))
      for (auto &sizes = tensors[name.str()]; const llvm::json::Value &size : *shape)
        sizes.push_back(*size.getAsInteger());
  return tensors;
}

TEST_CASE("the catalogue's checkpoint has every tensor of its model") {
  Spec spec({modelPath("cifar_resnet"), {}, {{"depth", "20"}}, {}});
  auto found = checkpointTensors(sourceFolder() + "/models/checkpoints/cifar10-resnet20.safetensors");
  for (const auto &[name, tensor] : tensorsOf(spec.built())) {
    INFO(name);
    REQUIRE(found.count(name) == 1);
    CHECK(found[name] == tensor.shape);
  }
}

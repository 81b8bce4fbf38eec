// The whole way from an ONNX model to a spec and a checkpoint.
#pragma once

#include "tools/import/Model.h"
#include "tools/import/Net.h"

#include "llvm/Support/Error.h"

namespace skip::onnx {

struct Imported {
  std::string name;               ///< of the model in the spec, an identifier
  std::string spec;               ///< text
  std::string safetensors;        ///< bytes
  size_t blocks = 0;              ///< definitions in the spec
  size_t tensors = 0;             ///< of the checkpoint
  int64_t elements = 0;           ///< of all of them
  std::vector<std::string> notes; ///< for people, escaped
};

/// Imports `model` under that name. The spec has been read by the front end, and asks for the checkpoint's tensors and no
/// others.
llvm::Expected<Imported> importModel(const Model &model, llvm::StringRef name);

/// The parts behind the mapping; for tests.
llvm::Expected<Imported> importNet(const Model &model, Net net, llvm::StringRef name);

} // namespace skip::onnx

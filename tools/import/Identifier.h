// Names of the file as names of the language.
#pragma once

#include "tools/import/Model.h"

namespace skip::onnx {

/// Whether the language takes it for a name: letters, digits and `_`, no digit first, and no keyword.
bool isIdentifier(llvm::StringRef text);

/// The same, and no operation of the language.
bool isModelName(llvm::StringRef text);

/// `text` with what is no letter or digit as `_`, or `otherwise` if that is no name or one that exporters make up.
std::string identifierOf(llvm::StringRef text, llvm::StringRef otherwise);

/// A part of a label, in quotes where it needs them.
std::string labelText(llvm::StringRef path);

/// Whether a label may say it: parts between dots that are not empty, of no more characters than the language takes.
bool isPath(llvm::StringRef path);

/// Of a node `/layer1/layer1.0/conv1/Conv`, as PyTorch's older exporter names nodes: `layer1.0.conv1`. Empty where it is none.
std::string modulePathOf(llvm::StringRef nodeName);
/// The same from the list of modules that PyTorch writes beside a node; empty where there is none.
std::string moduleOfScopes(llvm::StringRef scopes);
/// The module that a node is of, by its name or by that list; empty where neither says which.
std::string moduleOf(const Node &node);

} // namespace skip::onnx

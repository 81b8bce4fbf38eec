// What people write who come from another framework, and what it is called here.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace skip::frontend {

/// The operation that others call `callee`, as `bn` for `BatchNorm2d`; empty when there is none.
llvm::StringRef ourOperation(llvm::StringRef callee);

/// How the operation is called with arguments here, where those that others give `callee` would mean something else, as the
/// channels of the input; empty where they mean the same.
llvm::StringRef hintForArguments(llvm::StringRef callee);

/// Whether others have an operation `callee` that Skip has not.
bool isUnsupported(llvm::StringRef callee);

/// What to write for an operation of others that has no counterpart of one name here; empty when nothing is known.
llvm::StringRef hintForOperation(llvm::StringRef callee);

/// The parameter that others call `keyword`, as `kernel` for `kernel_size`; empty when there is none.
llvm::StringRef ourParameter(llvm::StringRef keyword);

/// What to do about a parameter that has no counterpart here, as `in_channels`; empty when nothing is known.
llvm::StringRef hintForParameter(llvm::StringRef keyword);

/// What there is instead of an operator between two tensors, or a tensor and a number; empty when nothing is known.
llvm::StringRef hintForTensorOperator(llvm::StringRef op);

/// The value that others call `name`, as `false` for `False`; empty when there is none.
llvm::StringRef ourValue(llvm::StringRef name);

/// What to do about a name that stands for a value elsewhere and has no counterpart here, as `None`; empty when nothing is
/// known.
llvm::StringRef hintForValue(llvm::StringRef name);

/// What to write for a character that starts no token; empty when nothing is known.
llvm::StringRef hintForSymbol(char symbol);

/// What to write for a word that begins a statement elsewhere, as `for`; empty when nothing is known.
llvm::StringRef hintForWord(llvm::StringRef word);

} // namespace skip::frontend

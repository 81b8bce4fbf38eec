// One image's classes: a row of a flat [N, C] tensor, padded to 16.
#pragma once

#include "codegen/x86/kernel/Builder.h"

namespace skip::kernel {

/// Goes over a row's vectors, the last of which may have lanes that are no classes.
class ClassRow {
public:
  ClassRow(Builder &b, Value classes) : b(b), classes(classes) {}

  /// The lanes from class `first` on that are classes.
  Value mask(Value first) const;
  /// `term` of each vector, reduced by `combine`, which is commutative; `neutral` stands for what is no class. In all lanes.
  Value reduce(Value neutral, llvm::function_ref<Value(Value first)> term,
               llvm::function_ref<Value(Value, Value)> combine) const;
  Value largest(Value row) const;
  /// Of vectors of floats, in doubles.
  Value sum(llvm::function_ref<Value(Value first)> term) const;
  /// Stores `value` of each vector, with zeros behind the last class.
  void store(Value out, llvm::function_ref<Value(Value first)> value) const;

private:
  Builder &b;
  Value classes;
};

} // namespace skip::kernel

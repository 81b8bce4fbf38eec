// One image's classes.
#include "codegen/x86/kernel/ClassRow.h"
#include "codegen/x86/kernel/Doubles.h"
#include "codegen/x86/kernel/Vectors.h"

#include <limits>

using namespace skip::kernel;

Value ClassRow::mask(Value first) const { return lanesBelow(b, b.sub(classes, first)); }

Value ClassRow::reduce(Value neutral, llvm::function_ref<Value(Value)> term,
                       llvm::function_ref<Value(Value, Value)> combine) const {
  Values all = b.loop(b.constant(0), classes, kLanes, neutral, [&](Value first, ValueRange carried) {
    return Values{combine(select(b, mask(first), term(first), neutral), carried[0])};
  });
  return reduceLanes(b, all[0], combine);
}

Value ClassRow::largest(Value row) const {
  Value lowest = b.splat(-std::numeric_limits<float>::infinity());
  return reduce(
      lowest, [&](Value first) { return b.load(b.at(row, first)); }, [&](Value x, Value y) { return b.maximum(x, y); });
}

Value ClassRow::sum(llvm::function_ref<Value(Value)> term) const {
  return reduce(
      doubles(b, 0.0), [&](Value first) { return toDoubles(b, term(first)); }, [&](Value x, Value y) { return plus(b, x, y); });
}

void ClassRow::store(Value out, llvm::function_ref<Value(Value)> value) const {
  b.loop(b.constant(0), classes, kLanes,
         [&](Value first) { b.store(select(b, mask(first), value(first), b.splat(0.0f)), b.at(out, first)); });
}

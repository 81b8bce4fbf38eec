// A machine for pickles: a closed list of operations, each of which makes plain values.
#pragma once

#include "tools/weights/pytorch/Objects.h"

#include "llvm/ADT/DenseMap.h"

namespace skip::pytorch {

/// Reads one pickle of a text that may hold several. Values point into the text, which must outlive them.
class Pickle {
public:
  Pickle(Arena &arena, Objects &objects, llvm::StringRef text, uint64_t begin = 0)
      : arena(arena), objects(objects), text(text), at(begin), step(begin) {}

  /// The value that the pickle ends with; null if it is broken, of which `problem` says why and `position` where.
  Value *run();
  /// Behind the pickle; of a broken one, the operation that failed.
  uint64_t position() const { return problem.empty() ? at : step; }
  std::string problem;

private:
  static constexpr size_t mostDepth = 4 << 20; // of the stack, and of the memo

  bool execute(uint8_t operation);
  bool executeMore(uint8_t operation);
  bool reject(const llvm::Twine &what) {
    problem = what.str();
    return false;
  }
  bool take(uint64_t bytes, llvm::StringRef &to);
  bool number(unsigned bytes, uint64_t &to);
  bool line(llvm::StringRef &to);

  bool push(Value *value);
  Value *pop();
  bool pushNew(Kind kind, int64_t number = 0);
  bool pushText(unsigned lengthBytes);
  bool pushLine();
  bool pushLong(unsigned lengthBytes);
  bool pushGlobal(llvm::StringRef module, llvm::StringRef name);
  bool popMark(size_t &base);
  bool gather(Kind kind, size_t base);
  bool gatherLast(Kind kind, size_t count);
  bool extend(bool pairs, bool marked);
  bool remember(uint64_t index);
  bool recall(unsigned bytes);
  bool call(bool keywords);
  bool callMarked();
  bool build();
  bool persistent();

  Arena &arena;
  Objects &objects;
  llvm::StringRef text;
  uint64_t at, step;
  std::vector<Value *> stack;
  std::vector<size_t> marks;
  llvm::DenseMap<uint64_t, Value *> memo;
};

} // namespace skip::pytorch

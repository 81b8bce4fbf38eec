// What a pickle holds, as plain data: nothing of it was executed or imported.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/StringSaver.h"

#include <cstdint>
#include <deque>
#include <vector>

namespace skip::pytorch {

enum class Kind : uint8_t { None, Bool, Int, Float, Text, Tuple, List, Dict, Global, Storage, Tensor, Opaque };

struct Value {
  Kind kind = Kind::None;
  int64_t number = 0;         // Bool, Int; Storage, Tensor: its place in Objects' table
  llvm::StringRef text;       // Text: its bytes; Global, Opaque: `module.name`; an Int of more than 64 bits: its bytes
  std::vector<Value *> items; // Tuple, List; Dict: keys and values in turn

  bool isText(llvm::StringRef wanted) const { return kind == Kind::Text && text == wanted; }
  bool isNumber() const { return kind == Kind::Int && text.empty(); }
};

/// Owns values, all freed at once, whatever refers to what. Bounds how many there are and how many items they have together:
/// few bytes of a pickle could otherwise copy one long list again and again.
class Arena {
public:
  static constexpr size_t mostValues = 4 << 20, mostItems = 16 << 20;

  /// Null when there are too many.
  Value *make(Kind kind) {
    if (values.size() == mostValues)
      return nullptr;
    values.emplace_back().kind = kind;
    return &values.back();
  }
  /// False when there are too many.
  bool append(Value &to, Value *item) {
    if (items == mostItems)
      return false;
    ++items;
    to.items.push_back(item);
    return true;
  }
  llvm::StringRef save(const llvm::Twine &text) { return saver.save(text); }

private:
  std::deque<Value> values;
  size_t items = 0;
  llvm::BumpPtrAllocator texts;
  llvm::StringSaver saver{texts};
};

/// A text of a file for people: escaped, and not longer than a line or two.
std::string shown(llvm::StringRef text);

} // namespace skip::pytorch

// A pickle is a program for a stack machine. Python's own machine imports what a pickle names and calls it; this one knows what
// tensors are made of (Objects) and makes an opaque value of all else, so a hostile pickle can do no more than be refused.
//
// Each operation takes a byte at the least and makes one value at the most; what copies lists, or makes names, is bounded apart
// (Arena, mostName). The machine never calls itself: lists within lists cost no stack, and values may refer to each other in
// circles.
#include "tools/weights/pytorch/Pickle.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

#include <bit>

using namespace skip::pytorch;

static constexpr size_t mostName = 512; // of a module, and of what is in it

Value *Pickle::run() {
  while (true) {
    step = at;
    uint64_t operation = 0;
    if (!number(1, operation))
      return nullptr;
    if (operation == '.') {
      if (stack.size() == 1 && marks.empty())
        return stack[0];
      reject("it ends with " + llvm::Twine(stack.size()) + " values, where one is right");
      return nullptr;
    }
    if (!execute(static_cast<uint8_t>(operation))) {
      if (problem.empty())
        problem = objects.problem.empty() ? "more than 2^22 values" : objects.problem;
      return nullptr;
    }
  }
}

bool Pickle::take(uint64_t bytes, llvm::StringRef &to) {
  if (bytes > text.size() - at)
    return reject("it is cut short: " + llvm::Twine(bytes) + " bytes are wanted, " + llvm::Twine(text.size() - at) +
                  " are left");
  to = text.substr(at, bytes);
  at += bytes;
  return true;
}

/// Little-endian.
bool Pickle::number(unsigned bytes, uint64_t &to) {
  llvm::StringRef raw;
  if (!take(bytes, raw))
    return false;
  to = 0;
  for (unsigned i = bytes; i-- > 0;)
    to = to << 8 | static_cast<uint8_t>(raw[i]);
  return true;
}

bool Pickle::line(llvm::StringRef &to) {
  size_t end = text.substr(at, mostName + 1).find('\n');
  if (end == llvm::StringRef::npos)
    return reject("a name or number without end, or of more than 512 characters");
  to = text.substr(at, end);
  at += end + 1;
  return true;
}

bool Pickle::push(Value *value) {
  if (!value)
    return false;
  if (stack.size() == mostDepth)
    return reject("a stack of more than 2^22 values");
  stack.push_back(value);
  return true;
}

/// Never takes what lies below the last mark.
Value *Pickle::pop() {
  if (stack.size() <= (marks.empty() ? 0 : marks.back())) {
    reject("an operation without operands");
    return nullptr;
  }
  Value *value = stack.back();
  stack.pop_back();
  return value;
}

bool Pickle::pushNew(Kind kind, int64_t number) {
  Value *value = arena.make(kind);
  if (value)
    value->number = number;
  return push(value);
}

bool Pickle::pushText(unsigned lengthBytes) {
  uint64_t length = 0;
  llvm::StringRef bytes;
  if (!number(lengthBytes, length) || !take(length, bytes) || !pushNew(Kind::Text))
    return false;
  stack.back()->text = bytes;
  return true;
}

/// Python 2 writes integers of more than 32 bits as text.
bool Pickle::pushLine() {
  llvm::StringRef digits;
  int64_t value = 0;
  if (!line(digits))
    return false;
  if (digits.getAsInteger(10, value))
    return reject("an integer that is none");
  return pushNew(Kind::Int, value);
}

/// Two's complement of any length.
bool Pickle::pushLong(unsigned lengthBytes) {
  uint64_t length = 0;
  llvm::StringRef bytes;
  if (!number(lengthBytes, length) || !take(length, bytes) || !pushNew(Kind::Int))
    return false;
  if (length > 8) {
    stack.back()->text = bytes;
    return true;
  }
  uint64_t value = length > 0 && (bytes.back() & 0x80) ? ~uint64_t(0) : 0;
  for (uint64_t i = length; i-- > 0;)
    value = value << 8 | static_cast<uint8_t>(bytes[i]);
  stack.back()->number = static_cast<int64_t>(value);
  return true;
}

bool Pickle::pushGlobal(llvm::StringRef module, llvm::StringRef name) {
  if (module.size() > mostName || name.size() > mostName)
    return reject("a name of more than 512 characters");
  if (!pushNew(Kind::Global))
    return false;
  stack.back()->text = arena.save(module + "." + name);
  return true;
}

bool Pickle::popMark(size_t &base) {
  if (marks.empty())
    return reject("an operation on a mark that was never set");
  base = marks.back();
  marks.pop_back();
  return true;
}

/// Replaces what lies from `base` on by one value that holds it.
bool Pickle::gather(Kind kind, size_t base) {
  Value *value = arena.make(kind);
  if (!value)
    return false;
  if (kind == Kind::Dict && (stack.size() - base) % 2 != 0)
    return reject("a dict with a key that has no value");
  for (size_t i = base; i < stack.size(); ++i)
    if (!arena.append(*value, stack[i]))
      return reject("more than 2^24 items");
  stack.resize(base);
  return push(value);
}

bool Pickle::gatherLast(Kind kind, size_t count) {
  size_t least = marks.empty() ? 0 : marks.back();
  return stack.size() - least >= count ? gather(kind, stack.size() - count) : reject("an operation without operands");
}

/// Appends to the list, dict or set below. An opaque value takes anything: it is passed over.
bool Pickle::extend(bool pairs, bool marked) {
  size_t base = stack.size() - std::min<size_t>(stack.size(), pairs ? 2 : 1);
  if (marked && !popMark(base))
    return false;
  if (base < (marks.empty() ? 0 : marks.back()) + 1)
    return reject("an operation without operands");
  Value &to = *stack[base - 1];
  bool fits = pairs ? to.kind == Kind::Dict : to.kind == Kind::List;
  if (!fits && to.kind != Kind::Opaque)
    return reject(pairs ? "items for what is no dict" : "items for what is no list");
  if (pairs && (stack.size() - base) % 2 != 0)
    return reject("a dict with a key that has no value");
  for (size_t i = base; fits && i < stack.size(); ++i)
    if (!arena.append(to, stack[i]))
      return reject("more than 2^24 items");
  stack.resize(base);
  return true;
}

bool Pickle::remember(uint64_t index) {
  if (stack.empty())
    return reject("an operation without operands");
  if (memo.size() == mostDepth && !memo.contains(index))
    return reject("more than 2^22 values are remembered");
  memo[index] = stack.back();
  return true;
}

bool Pickle::recall(unsigned bytes) {
  uint64_t index = 0;
  if (!number(bytes, index))
    return false;
  auto found = memo.find(index);
  return found != memo.end() ? push(found->second) : reject("a value that was never remembered");
}

bool Pickle::call(bool keywords) {
  if (keywords && !pop())
    return false;
  Value *arguments = pop(), *callable = arguments ? pop() : nullptr;
  return callable && push(objects.call(*callable, *arguments));
}

/// Of the old protocols: the class lies behind the mark, the arguments above it.
bool Pickle::callMarked() {
  size_t base = 0;
  if (!popMark(base))
    return false;
  if (base == stack.size())
    return reject("an operation without operands");
  return gather(Kind::Tuple, base + 1) && call(/*keywords=*/false);
}

/// What an object gets beside its items, as `_metadata` of a state dict, has no tensors of the network.
bool Pickle::build() {
  Value *state = pop(), *object = state ? pop() : nullptr;
  return object && push(object);
}

bool Pickle::persistent() {
  Value *id = pop();
  return id && push(objects.persistent(*id));
}

/// What pickles of torch.save are made of.
bool Pickle::execute(uint8_t operation) {
  uint64_t value = 0;
  size_t base = 0;
  llvm::StringRef module, name;
  switch (operation) {
  case 0x80: // PROTO
    return number(1, value) && (value <= 5 || reject("it is of protocol " + llvm::Twine(value) + ", 0 to 5 are known"));
  case '(':
    if (marks.size() == mostDepth)
      return reject("more than 2^22 marks");
    marks.push_back(stack.size());
    return true;
  case 'N':
    return pushNew(Kind::None);
  case 0x88: // NEWTRUE, NEWFALSE
  case 0x89:
    return pushNew(Kind::Bool, operation == 0x88);
  case 'J':
    return number(4, value) && pushNew(Kind::Int, static_cast<int32_t>(value));
  case 'K':
    return number(1, value) && pushNew(Kind::Int, static_cast<int64_t>(value));
  case 'M':
    return number(2, value) && pushNew(Kind::Int, static_cast<int64_t>(value));
  case 'G': // its value is never asked for
    return number(8, value) && pushNew(Kind::Float);
  case 'X':
    return pushText(4);
  case '}':
    return pushNew(Kind::Dict);
  case ']':
    return pushNew(Kind::List);
  case ')':
    return pushNew(Kind::Tuple);
  case 't':
    return popMark(base) && gather(Kind::Tuple, base);
  case 0x85: // TUPLE1 to TUPLE3
  case 0x86:
  case 0x87:
    return gatherLast(Kind::Tuple, operation - 0x84u);
  case 's':
    return extend(/*pairs=*/true, /*marked=*/false);
  case 'u':
    return extend(/*pairs=*/true, /*marked=*/true);
  case 'a':
    return extend(/*pairs=*/false, /*marked=*/false);
  case 'e':
    return extend(/*pairs=*/false, /*marked=*/true);
  case 'q':
    return number(1, value) && remember(value);
  case 'r':
    return number(4, value) && remember(value);
  case 'h':
    return recall(1);
  case 'j':
    return recall(4);
  case 'c':
    return line(module) && line(name) && pushGlobal(module, name);
  case 'R':
    return call(/*keywords=*/false);
  case 'Q':
    return persistent();
  case 'b':
    return build();
  default:
    return executeMore(operation);
  }
}

/// What Python 2 wrote, protocols 4 and 5, and what lies beside tensors.
bool Pickle::executeMore(uint8_t operation) {
  uint64_t value = 0;
  size_t base = 0;
  Value *name = nullptr, *module = nullptr;
  switch (operation) {
  case 0x95: // FRAME
    return number(8, value) && (value <= text.size() - at || reject("a frame that reaches beyond its end"));
  case 0x94: // MEMOIZE
    return remember(memo.size());
  case 0x93: // STACK_GLOBAL
    name = pop();
    module = name ? pop() : nullptr;
    if (!module)
      return false;
    return name->kind == Kind::Text && module->kind == Kind::Text ? pushGlobal(module->text, name->text)
                                                                  : reject("a global whose name is no text");
  case 0x8c: // SHORT_BINUNICODE, SHORT_BINSTRING, SHORT_BINBYTES
  case 'U':
  case 'C':
    return pushText(1);
  case 'T': // BINSTRING, BINBYTES
  case 'B':
    return pushText(4);
  case 0x8d: // BINUNICODE8, BINBYTES8, BYTEARRAY8
  case 0x8e:
  case 0x96:
    return pushText(8);
  case 0x8a: // LONG1, LONG4
    return pushLong(1);
  case 0x8b:
    return pushLong(4);
  case 'I':
    return pushLine();
  case '0':
    if (!marks.empty() && marks.back() == stack.size())
      return popMark(base);
    return pop() != nullptr;
  case '1': // POP_MARK
    if (!popMark(base))
      return false;
    stack.resize(base);
    return true;
  case '2':
    name = pop();
    return name && push(name) && push(name);
  case 'l':
    return popMark(base) && gather(Kind::List, base);
  case 'd':
    return popMark(base) && gather(Kind::Dict, base);
  case 0x8f: // EMPTY_SET, ADDITEMS, FROZENSET: a set is a list here
    return pushNew(Kind::List);
  case 0x90:
    return extend(/*pairs=*/false, /*marked=*/true);
  case 0x91:
    return popMark(base) && gather(Kind::List, base);
  case 0x81: // NEWOBJ, NEWOBJ_EX
  case 0x92:
    return call(/*keywords=*/operation == 0x92);
  case 'o':
    return callMarked();
  default:
    return reject("operation 0x" + llvm::utohexstr(operation, /*LowerCase=*/true) + " is none that torch.save writes");
  }
}

// The names by which torch.save of any version writes tensors, and what they hold. Everything is checked here but that the
// storages have as many bytes as they claim, which is known only once the pickle was read.
#include "tools/weights/pytorch/Objects.h"

#include "support/Printable.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"

using namespace skip;
using namespace skip::pytorch;

static constexpr ElementType types[] = {
    {"FloatStorage", "float32", "F32", 4},
    {"HalfStorage", "float16", "F16", 2},
    {"BFloat16Storage", "bfloat16", "BF16", 2},
    {"DoubleStorage", "float64", "F64", 8},
    {"LongStorage", "int64", "I64", 8},
    {"IntStorage", "int32", "I32", 4},
    {"ShortStorage", "int16", "I16", 2},
    {"CharStorage", "int8", "I8", 1},
    {"ByteStorage", "uint8", "U8", 1},
    {"BoolStorage", "bool", "BOOL", 1},
    {"", "uint16", "U16", 2},
    {"", "uint32", "U32", 4},
    {"", "uint64", "U64", 8},
    {"", "float8_e4m3fn", "F8_E4M3", 1},
    {"", "float8_e5m2", "F8_E5M2", 1},
    {"", "float8_e4m3fnuz", "F8_E4M3FNUZ", 1},
    {"", "float8_e5m2fnuz", "F8_E5M2FNUZ", 1},
    {"", "float8_e8m0fnu", "F8_E8M0", 1},
    {"ComplexFloatStorage", "complex64", "C64", 8},
    {"ComplexDoubleStorage", "complex128", "", 16},
    {"QInt8Storage", "qint8", "", 1},
    {"QUInt8Storage", "quint8", "", 1},
    {"QInt32Storage", "qint32", "", 4},
    {"QUInt4x2Storage", "quint4x2", "", 1}, // two elements a byte, and in the next four
    {"QUInt2x4Storage", "quint2x4", "", 1},
};

namespace {
/// A function of PyTorch that makes tensors which are no windows into numbers, and where in its arguments it has what they are.
struct Maker {
  llvm::StringRef function, kind;
  int type, sizes; // the places of the element type, or what has one, and of the sizes; -1: none
};
} // namespace

static constexpr Maker makers[] = {
    {"_rebuild_qtensor", "quantized", 0, 2},
    {"_rebuild_sparse_tensor", "sparse", 1, 1},
    {"_rebuild_sparse_csr_tensor", "sparse", 1, 1},
    {"_rebuild_nested_tensor", "nested", 0, -1},
    {"_rebuild_meta_tensor_no_storage", "without values (meta)", 0, 1},
    {"_rebuild_wrapper_subclass", "wrapped", 1, 2},
    {"_rebuild_device_tensor_from_cpu_tensor", "of another device", 1, -1},
    {"_rebuild_device_tensor_from_numpy", "of another device", 1, -1},
    {"_rebuild_xla_tensor", "of another device", 1, -1},
};

static constexpr size_t mostArguments = 8; // that are looked through, however often a pickle makes tensors of one list

static bool isList(const Value &value) { return value.kind == Kind::Tuple || value.kind == Kind::List; }

static llvm::StringRef ofTorch(const Value &value) {
  llvm::StringRef name = value.kind == Kind::Global ? value.text : "";
  return name.consume_front("torch.") ? name : "";
}

/// The type that a storage's class has. `known` is false for classes that are no storages of dense numbers.
static const ElementType *storageType(const Value &value, bool &known) {
  llvm::StringRef name = ofTorch(value);
  name.consume_front("cuda.");
  known = name == "storage.UntypedStorage" || name == "storage._UntypedStorage" || name == "UntypedStorage";
  for (const ElementType &type : types)
    if (!type.storage.empty() && name == type.storage) {
      known = true;
      return &type;
    }
  return nullptr;
}

static const ElementType *dtype(const Value &value) {
  llvm::StringRef name = ofTorch(value);
  for (const ElementType &type : types)
    if (name == type.dtype)
      return &type;
  return nullptr;
}

std::string pytorch::shown(llvm::StringRef text) {
  constexpr size_t most = 120;
  return printable(text.take_front(most)) + (text.size() > most ? "..." : "");
}

Value *Objects::opaque(llvm::StringRef name) {
  Value *value = arena.make(Kind::Opaque);
  if (!value)
    return reject("more than 2^22 values");
  value->text = name;
  return value;
}

static constexpr llvm::StringLiteral changedTensor = "a negated or conjugated view";

/// Whether the argument says that the elements are others than those stored, as those of a view with the negative bit are.
static bool isToBeChanged(const Value &arguments, size_t at) {
  if (arguments.items.size() <= at)
    return false;
  const Value &metadata = *arguments.items[at];
  return metadata.kind != Kind::None && !(metadata.kind == Kind::Dict && metadata.items.empty());
}

Value *Objects::call(Value &callable, Value &arguments) {
  if (arguments.kind != Kind::Tuple)
    return reject("a call whose arguments are no tuple");
  if (callable.kind != Kind::Global)
    return opaque(callable.text);
  llvm::StringRef name = callable.text;
  if (name == "collections.OrderedDict")
    return orderedDict(arguments);
  if (name == "collections.defaultdict") // its default is never asked for
    return arena.make(Kind::Dict);
  if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor")
    return isToBeChanged(arguments, 6) ? unreadable(changedTensor, arguments.items[2]) : tensor(arguments, nullptr);
  if (name == "torch._utils._rebuild_tensor_v3")
    return tensorOfBytes(arguments);
  if (name == "torch._tensor._rebuild_from_type_v2")
    return tensorOfSubclass(callable, arguments);
  bool set =
      name == "builtins.set" || name == "__builtin__.set" || name == "builtins.frozenset" || name == "__builtin__.frozenset";
  bool first = set || name == "torch._utils._rebuild_parameter" || name == "torch._utils._rebuild_parameter_with_state" ||
               name == "torch.Size";
  if (first && !arguments.items.empty()) // a set is its list
    return arguments.items[0];
  return name.starts_with("torch._utils._rebuild_") ? tensorOfKind(name, arguments) : opaque(name);
}

/// A tensor of which no more is known than what it is, and its shape if `sizes` are one.
Value *Objects::unreadable(const llvm::Twine &kind, const Value *sizes) {
  TensorRecord record;
  record.kind = arena.save(kind);
  record.hasShape = sizes && isList(*sizes) && sizes->items.size() <= TensorRecord::mostRank &&
                    llvm::all_of(sizes->items, [](const Value *size) { return size->isNumber() && size->number >= 0; });
  for (size_t i = 0; record.hasShape && i < sizes->items.size(); ++i)
    record.dims[record.rank++] = sizes->items[i]->number;
  return add(record);
}

Value *Objects::add(const TensorRecord &record) {
  Value *value = arena.make(Kind::Tensor);
  if (!value)
    return reject("more than 2^22 values");
  value->number = static_cast<int64_t>(tensors.size());
  tensors.push_back(record);
  return value;
}

/// What follows `sparse`, say: the type of a dtype, of a storage, of a tensor, or of the last tensor of a list.
static llvm::StringRef typeName(const Value &value, const Objects &objects) {
  const ElementType *type = dtype(value);
  if (value.kind == Kind::Storage)
    type = objects.storages[static_cast<size_t>(value.number)].type;
  if (value.kind == Kind::Tensor)
    type = objects.tensors[static_cast<size_t>(value.number)].type;
  llvm::StringRef name = type ? type->dtype : "";
  for (size_t i = 0; isList(value) && i < std::min(value.items.size(), mostArguments); ++i)
    if (value.items[i]->kind == Kind::Tensor)
      name = typeName(*value.items[i], objects);
  return name;
}

Value *Objects::tensorOfKind(llvm::StringRef function, const Value &arguments) {
  const auto *maker =
      llvm::find_if(makers, [&](const Maker &each) { return function == "torch._utils." + each.function.str(); });
  if (maker == std::end(makers))
    return unreadable("made by `" + shown(function) + "`", nullptr);
  auto argument = [&](int at) -> const Value * {
    return at >= 0 && static_cast<size_t>(at) < arguments.items.size() ? arguments.items[static_cast<size_t>(at)] : nullptr;
  };
  const Value *sizes = argument(maker->sizes), *typed = argument(maker->type);
  if (sizes && sizes == typed && isList(*sizes)) { // (indices, values, sizes, ...)
    llvm::ArrayRef<Value *> parts = llvm::ArrayRef(sizes->items).take_front(mostArguments);
    auto last = llvm::find_if(llvm::reverse(parts), [](const Value *item) { return isList(*item); });
    sizes = last == parts.rend() ? nullptr : *last;
  }
  llvm::StringRef type = typed ? typeName(*typed, *this) : "";
  return unreadable(maker->kind + (type.empty() ? "" : " ") + type, sizes);
}

/// Of nothing, or, as Python 2 writes it, of one list of pairs.
Value *Objects::orderedDict(Value &arguments) {
  Value *dict = arena.make(Kind::Dict);
  if (!dict || arguments.items.empty())
    return dict ? dict : reject("more than 2^22 values");
  const Value &pairs = *arguments.items[0];
  if (pairs.kind != Kind::List)
    return reject("an OrderedDict of something that is no list");
  for (const Value *pair : pairs.items) {
    if ((pair->kind != Kind::List && pair->kind != Kind::Tuple) || pair->items.size() != 2)
      return reject("an OrderedDict of something that is no pair");
    if (!arena.append(*dict, pair->items[0]) || !arena.append(*dict, pair->items[1]))
      return reject("more than 2^24 items");
  }
  return dict;
}

/// (storage, offset, sizes, strides, ...); `type` is null where the storage has it.
Value *Objects::tensor(const Value &arguments, const ElementType *type) {
  llvm::ArrayRef<Value *> from = arguments.items;
  if (from.size() < 4 || from[0]->kind != Kind::Storage)
    return from.size() >= 4 && from[0]->kind == Kind::Opaque ? unreadable("in a `" + shown(from[0]->text) + "`", from[2])
                                                             : reject("a tensor without storage, offset, sizes and strides");
  TensorRecord record;
  record.storage = static_cast<size_t>(from[0]->number);
  const StorageRecord &storage = storages[record.storage];
  record.type = type ? type : storage.type;
  if (!record.type)
    return reject("a tensor of untyped bytes");
  if (record.type->name.empty())
    return unreadable(record.type->dtype, from[2]);
  if (!from[1]->isNumber() || from[1]->number < 0)
    return reject("a tensor whose offset is no number");
  record.offset = static_cast<uint64_t>(from[1]->number);
  return place(record, *from[2], *from[3]) && withinStorage(record, storage) ? add(record) : nullptr;
}

/// (storage, offset, sizes, strides, requires_grad, hooks, dtype, ...): newer element types have no storage of their own.
Value *Objects::tensorOfBytes(const Value &arguments) {
  llvm::ArrayRef<Value *> from = arguments.items;
  const ElementType *type = from.size() >= 7 ? dtype(*from[6]) : nullptr;
  if (isToBeChanged(arguments, 7))
    return unreadable(changedTensor, from[2]);
  if (type || from.size() < 7)
    return type ? tensor(arguments, type) : reject("a tensor of untyped bytes");
  llvm::StringRef name = ofTorch(*from[6]);
  return unreadable(name.empty() ? "of an unknown type" : shown(name), from[2]);
}

/// (function, class, arguments, state): a tensor with attributes, or of a class of somebody's.
Value *Objects::tensorOfSubclass(Value &callable, Value &arguments) {
  if (arguments.items.size() < 3)
    return reject("a tensor of a subclass without function, class and arguments");
  Value &function = *arguments.items[0], &inner = *arguments.items[2];
  if (function.kind != Kind::Global || function.text == callable.text)
    return unreadable("of a class of its own", nullptr);
  Value *made = call(function, inner);
  return made && made->kind == Kind::Opaque ? unreadable("made by `" + shown(function.text) + "`", nullptr) : made;
}

bool Objects::place(TensorRecord &record, const Value &sizes, const Value &strides) {
  if (!isList(sizes) || !isList(strides) || sizes.items.size() != strides.items.size())
    return reject("a tensor whose sizes and strides are not as many numbers");
  record.rank = sizes.items.size();
  if (record.rank > TensorRecord::mostRank)
    return reject("a tensor of more than 8 dimensions");
  for (size_t i = 0; i < record.rank; ++i) {
    const Value &size = *sizes.items[i], &stride = *strides.items[i];
    if (!size.isNumber() || !stride.isNumber() || size.number < 0 || stride.number < 0)
      return reject("a tensor whose sizes or strides are not all numbers from 0 on");
    record.dims[i] = size.number;
    record.strides[i] = stride.number;
    if (__builtin_mul_overflow(record.elements, static_cast<uint64_t>(size.number), &record.elements))
      return reject("a tensor of more than 2^64 - 1 elements");
  }
  return true;
}

/// Whether the last element is one of the storage's, by its own account.
bool Objects::withinStorage(const TensorRecord &record, const StorageRecord &storage) {
  uint64_t bytes = 0, last = record.offset, end = 0;
  if (record.elements == 0)
    return true;
  for (size_t i = 0; i < record.rank; ++i) {
    uint64_t step = 0;
    if (__builtin_mul_overflow(static_cast<uint64_t>(record.dims[i] - 1), static_cast<uint64_t>(record.strides[i]), &step) ||
        __builtin_add_overflow(last, step, &last))
      return reject("a tensor that reaches beyond 2^64 - 1 elements");
  }
  uint64_t elements = storage.viewKey.empty() ? storage.elements : storage.viewElements;
  if (__builtin_mul_overflow(elements, storage.type ? storage.type->bytes : 1, &bytes) ||
      __builtin_add_overflow(last, uint64_t(1), &end) || __builtin_mul_overflow(end, record.type->bytes, &end) || end > bytes)
    return reject("a tensor that reaches beyond its storage");
  return true;
}

/// ('storage', class, key, location, elements) and in the old form a sixth: None, or (key, begin, elements) of a view.
Value *Objects::persistent(Value &id) {
  llvm::ArrayRef<Value *> from = id.items;
  if (id.kind == Kind::Tuple && from.size() >= 2 && from[0]->isText("module"))
    return from[1];
  if (id.kind != Kind::Tuple || from.size() < 5 || !from[0]->isText("storage") || from[2]->kind != Kind::Text)
    return reject("a persistent id that is no storage");
  bool known = false;
  StorageRecord record;
  record.key = from[2]->text;
  record.type = storageType(*from[1], known);
  if (!known)
    return opaque(from[1]->text);
  if (!from[4]->isNumber() || from[4]->number < 0)
    return reject("a storage whose size is no number");
  record.elements = static_cast<uint64_t>(from[4]->number);
  if (from.size() > 5 && from[5]->kind != Kind::None && !readView(record, *from[5]))
    return nullptr;
  Value *value = arena.make(Kind::Storage);
  if (!value)
    return reject("more than 2^22 values");
  value->number = static_cast<int64_t>(storages.size());
  storages.push_back(record);
  return value;
}

bool Objects::readView(StorageRecord &record, const Value &view) {
  llvm::ArrayRef<Value *> from = view.items;
  if (view.kind != Kind::Tuple || from.size() != 3 || from[0]->kind != Kind::Text || !from[1]->isNumber() ||
      !from[2]->isNumber())
    return reject("a view of a storage without key, begin and size");
  record.viewKey = from[0]->text;
  record.viewBegin = static_cast<uint64_t>(from[1]->number);
  record.viewElements = static_cast<uint64_t>(from[2]->number);
  if (record.viewKey.empty() || from[1]->number < 0 || from[2]->number < 0 || record.viewBegin > record.elements ||
      record.viewElements > record.elements - record.viewBegin)
    return reject("a view that reaches beyond its storage");
  return true;
}

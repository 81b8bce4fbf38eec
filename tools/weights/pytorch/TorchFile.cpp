// Two forms. Since PyTorch 1.6 a file is a zip archive: `NAME/data.pkl` is the pickle, `NAME/data/KEY` a storage's bytes. The
// older form is four pickles in a row (a magic number, a version, the machine that wrote it, the object), a fifth with the
// storages' keys, and then each storage: 8 bytes that count its elements, and these.
#include "tools/weights/pytorch/TorchFile.h"

#include "tools/text/Failure.h"
#include "tools/weights/Foreign.h"
#include "tools/weights/pytorch/Pickle.h"

#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/Endian.h"

using namespace skip;
using namespace skip::pytorch;

static constexpr llvm::StringLiteral copyAgain = "; copy or download the file again";
static constexpr llvm::StringLiteral saveAgain = "; load it in PyTorch, and save `model.state_dict()` with torch.save";
static constexpr llvm::StringLiteral magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"); // 0x1950a86a20f9469cfc6c
static constexpr int64_t version = 1001;

bool TorchFile::looksLike(llvm::StringRef file) {
  bool header = file.size() >= 9 && file[8] == '{'; // where a safetensors file begins its header, and neither form has a brace
  bool pickle = file.size() >= 3 && file[0] == '\x80' && file[1] <= 5 && file[1] >= 0 && file[2] != 0;
  return !header && (Zip::looksLike(file) || pickle);
}

bool TorchFile::shareStorage(const TensorRecord &a, const TensorRecord &b) const {
  const StorageRecord &x = objects.storages[a.storage], &y = objects.storages[b.storage];
  return x.key == y.key && x.viewKey == y.viewKey && x.viewBegin == y.viewBegin;
}

llvm::Error TorchFile::fail(const llvm::Twine &where, const llvm::Twine &what) const { return fail(where, what, saveAgain); }

llvm::Error TorchFile::fail(const llvm::Twine &where, const llvm::Twine &what, llvm::StringRef advice) const {
  return tool::badInput("`" + path + "` (" + where + "): " + what + advice);
}

llvm::Expected<std::unique_ptr<TorchFile>> TorchFile::open(llvm::StringRef file, llvm::StringRef path) {
  std::unique_ptr<TorchFile> result(new TorchFile(file, path));
  if (llvm::Error error = Zip::looksLike(file) ? result->readZip() : result->readPickles())
    return error;
  return result;
}

llvm::Expected<Value *> TorchFile::run(Pickle &pickle, llvm::StringRef where) const {
  if (Value *value = pickle.run())
    return value;
  llvm::StringRef advice = llvm::StringRef(pickle.problem).starts_with("it is cut short") ? copyAgain : saveAgain;
  return fail(where + ", byte " + llvm::Twine(pickle.position()), "the pickle cannot be read: " + pickle.problem, advice);
}

llvm::Error TorchFile::readZip() {
  llvm::Expected<Zip> opened = Zip::open(file, path);
  if (!opened)
    return opened.takeError();
  zip.emplace(std::move(*opened));
  const Zip::Member *pickle = nullptr;
  for (const Zip::Member &member : zip->members()) {
    if (!member.name.ends_with("/data.pkl") || member.name.count('/') != 1)
      continue;
    if (pickle)
      return fail("its directory", "two members could be the pickle: `" + shown(pickle->name) + "` and `" + shown(member.name) +
                                       "`; torch.save writes one");
    pickle = &member;
  }
  if (!pickle)
    return tool::refuseForeignArchive(
        llvm::map_to_vector(zip->members(), [](const Zip::Member &member) { return member.name; }), path);
  prefix = pickle->name.drop_back(llvm::StringRef("data.pkl").size()).str();
  if (zip->has(prefix + "constants.pkl"))
    return fail("member `" + shown(prefix + "constants.pkl") + "`",
                "it holds a program of TorchScript; torch.jit.load reads it");
  if (zip->has(prefix + "byteorder")) {
    llvm::Expected<llvm::StringRef> order = zip->read(prefix + "byteorder");
    if (!order)
      return order.takeError();
    if (*order != "little")
      return fail("member `" + shown(prefix + "byteorder") + "`", "its numbers are big-endian");
  }
  llvm::Expected<llvm::StringRef> text = zip->read(pickle->name);
  if (!text)
    return text.takeError();
  Pickle machine(arena, objects, *text);
  std::string where = "member `" + shown(pickle->name) + "`";
  if (llvm::Error error = run(machine, where).moveInto(root))
    return error;
  if (machine.position() != text->size())
    return fail(where + ", byte " + llvm::Twine(machine.position()), "bytes follow the end of the pickle");
  return checkStorages();
}

/// One storage may be named many times; always with the same type and size.
llvm::Error TorchFile::checkStorages() {
  for (size_t i = 0; i < objects.storages.size(); ++i) {
    const StorageRecord &record = objects.storages[i];
    const StorageRecord &first = objects.storages[records.try_emplace(record.key, i).first->second];
    if (record.type != first.type || record.elements != first.elements)
      return fail("storage `" + shown(record.key) + "`", "its pickle gives it two types or sizes");
  }
  return llvm::Error::success();
}

llvm::Expected<Value *> TorchFile::nextPickle(uint64_t &at, llvm::StringRef what) {
  Pickle machine(arena, objects, file, at);
  llvm::Expected<Value *> value = run(machine, what);
  at = machine.position();
  return value;
}

llvm::Error TorchFile::checkMagic(uint64_t &at) {
  llvm::Expected<Value *> number = nextPickle(at, "its first pickle");
  if (!number)
    return number.takeError();
  if ((*number)->kind != Kind::Int || (*number)->text != magic)
    return fail("its first pickle", "a pickle, but none of torch.save, which begins with a magic number");
  llvm::Expected<Value *> second = nextPickle(at, "its second pickle");
  if (!second)
    return second.takeError();
  if (!(*second)->isNumber() || (*second)->number != version)
    return fail("its second pickle", "it is not of version 1001, the only one that torch.save ever wrote");
  return llvm::Error::success();
}

llvm::Error TorchFile::checkSystem(const Value &system) const {
  if (system.kind != Kind::Dict)
    return fail("its third pickle", "it should be a dict that describes the machine, and is none");
  for (size_t i = 0; i + 1 < system.items.size(); i += 2)
    if (system.items[i]->isText("little_endian") && system.items[i + 1]->number == 0)
      return fail("its third pickle", "its numbers are big-endian");
  return llvm::Error::success();
}

llvm::Error TorchFile::readPickles() {
  uint64_t at = 0;
  if (llvm::Error error = checkMagic(at))
    return error;
  llvm::Expected<Value *> system = nextPickle(at, "its third pickle");
  if (!system)
    return system.takeError();
  if (llvm::Error error = checkSystem(**system))
    return error;
  if (llvm::Error error = nextPickle(at, "its fourth pickle").moveInto(root))
    return error;
  if (llvm::Error error = checkStorages())
    return error;
  llvm::Expected<Value *> keys = nextPickle(at, "its fifth pickle");
  return keys ? readStorages(**keys, at) : keys.takeError();
}

llvm::Error TorchFile::readStorages(const Value &keys, uint64_t at) {
  if (keys.kind != Kind::List)
    return fail("its fifth pickle", "it should be a list of the storages' keys, and is none");
  for (const Value *key : keys.items)
    if (llvm::Error error = readStorage(*key, at))
      return error;
  if (at != file.size())
    return fail("byte " + llvm::Twine(at), llvm::Twine(file.size() - at) + " bytes follow the last storage");
  return llvm::Error::success();
}

llvm::Error TorchFile::readStorage(const Value &key, uint64_t &at) {
  auto found = key.kind == Kind::Text ? records.find(key.text) : records.end();
  if (found == records.end())
    return fail("its fifth pickle", "a key of no storage: `" + shown(key.text) + "`");
  const StorageRecord &record = objects.storages[found->second];
  std::string where = "byte " + std::to_string(at) + ", storage `" + shown(key.text) + "`";
  uint64_t bytes = 0, left = file.size() - at;
  if (left < 8)
    return fail(where, "it is cut short: " + llvm::Twine(left) + " bytes are left, its size takes 8", copyAgain);
  uint64_t count = llvm::support::endian::read64le(file.data() + at);
  if (count != record.elements)
    return fail(where, "it has " + llvm::Twine(count) + " elements, " + llvm::Twine(record.elements) + " by the pickle");
  if (__builtin_mul_overflow(count, record.type ? record.type->bytes : 1, &bytes) || bytes > left - 8)
    return fail(where,
                "it is cut short: " + llvm::Twine(count) + " elements are wanted, " + llvm::Twine(left - 8) + " bytes are left",
                copyAgain);
  if (!storages.try_emplace(key.text, file.substr(at + 8, bytes)).second)
    return fail(where, "it is there twice");
  at += 8 + bytes;
  return llvm::Error::success();
}

llvm::Expected<llvm::StringRef> TorchFile::storageOf(const TensorRecord &tensor) {
  const StorageRecord &record = objects.storages[tensor.storage];
  uint64_t size = record.type ? record.type->bytes : 1;
  auto found = storages.find(record.key);
  if (found == storages.end()) {
    if (!zip)
      return fail("its fifth pickle", "the storage `" + shown(record.key) + "` is not among the keys");
    std::string member = prefix + "data/" + record.key.str();
    llvm::Expected<llvm::StringRef> bytes = zip->read(member);
    uint64_t wanted = 0;
    if (!bytes)
      return bytes.takeError();
    if (__builtin_mul_overflow(record.elements, size, &wanted) || wanted != bytes->size())
      return fail("member `" + shown(member) + "`", "it has " + llvm::Twine(bytes->size()) + " bytes, the pickle has " +
                                                        llvm::Twine(record.elements) + " elements of " + llvm::Twine(size));
    found = storages.try_emplace(record.key, *bytes).first;
  }
  llvm::StringRef bytes = found->second;
  return record.viewKey.empty() ? bytes : bytes.substr(record.viewBegin * size, record.viewElements * size);
}

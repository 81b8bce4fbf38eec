// Writes PyTorch files by hand, right ones and wrong ones: pickles operation by operation, zip archives record by record.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <zlib.h>

namespace test {

inline std::string littleEndian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i)
    text += static_cast<char>(value >> 8 * i & 0xff);
  return text;
}

/// A pickle that grows by operations of protocol 2.
class PickleText {
public:
  std::string bytes{"\x80\x02"};

  PickleText &raw(const std::string &operations) { return bytes += operations, *this; }
  PickleText &text(const std::string &value) { return raw("X" + littleEndian(value.size(), 4) + value); }
  PickleText &number(int64_t value) { return raw("\x8a\x08" + littleEndian(static_cast<uint64_t>(value), 8)); }
  PickleText &numbers(const std::vector<int64_t> &values) {
    raw("(");
    for (int64_t value : values)
      number(value);
    return raw("t");
  }
  PickleText &global(const std::string &module, const std::string &name) { return raw("c" + module + "\n" + name + "\n"); }
  PickleText &orderedDict() { return global("collections", "OrderedDict").raw(")R"); }
  PickleText &storage(const std::string &type, const std::string &key, int64_t elements) {
    return raw("(").text("storage").global("torch", type).text(key).text("cpu").number(elements).raw("tQ");
  }
  PickleText &tensor(const std::string &type, const std::string &key, int64_t elements, int64_t offset,
                     const std::vector<int64_t> &sizes, const std::vector<int64_t> &strides) {
    global("torch._utils", "_rebuild_tensor_v2").raw("(").storage(type, key, elements).number(offset);
    return numbers(sizes).numbers(strides).raw("\x89").orderedDict().raw("tR");
  }
  std::string end() const { return bytes + "."; }
};

struct ZipMember {
  std::string name, bytes;
  bool deflate = false;
};

inline std::string deflated(const std::string &bytes) {
  std::string packed(compressBound(bytes.size()) + 64, '\0');
  z_stream stream = {};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef *>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// `wide`: with the records of zip64, as archives beyond 4 GB have them.
inline std::string zip(const std::vector<ZipMember> &members, bool wide = false) {
  std::string file, directory;
  for (const ZipMember &member : members) {
    std::string packed = member.deflate ? deflated(member.bytes) : member.bytes,
                number = littleEndian(member.deflate ? 8 : 0, 2);
    uint32_t checksum = static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef *>(member.bytes.data()), static_cast<uInt>(member.bytes.size())));
    std::string sizes = littleEndian(packed.size(), 4) + littleEndian(member.bytes.size(), 4), extra;
    std::string place = littleEndian(file.size(), 4);
    if (wide) {
      extra = littleEndian(1, 2) + littleEndian(24, 2) + littleEndian(member.bytes.size(), 8) + littleEndian(packed.size(), 8) +
              littleEndian(file.size(), 8);
      sizes.assign(8, '\xff');
      place.assign(4, '\xff');
    }
    directory += "PK\1\2" + std::string(6, '\0') + number + std::string(4, '\0') + littleEndian(checksum, 4) + sizes +
                 littleEndian(member.name.size(), 2) + littleEndian(extra.size(), 2) + std::string(10, '\0') + place;
    directory += member.name + extra;
    file += "PK\3\4" + std::string(4, '\0') + number + std::string(16, '\0') + littleEndian(member.name.size(), 2) +
            std::string(2, '\0') + member.name + packed;
  }
  uint64_t begin = file.size(), count = members.size();
  file += directory;
  if (wide) {
    uint64_t at = file.size();
    file += "PK\6\6" + littleEndian(44, 8) + std::string(12, '\0') + littleEndian(count, 8) + littleEndian(count, 8) +
            littleEndian(directory.size(), 8) + littleEndian(begin, 8);
    file += "PK\6\7" + std::string(4, '\0') + littleEndian(at, 8) + littleEndian(1, 4);
    return file + "PK\5\6" + std::string(4, '\0') + std::string(12, '\xff') + std::string(2, '\0');
  }
  return file + "PK\5\6" + std::string(4, '\0') + littleEndian(count, 2) + littleEndian(count, 2) +
         littleEndian(directory.size(), 4) + littleEndian(begin, 4) + std::string(2, '\0');
}

using Storages = std::vector<std::pair<std::string, std::string>>; // keys, and bytes

inline std::string torchZip(const std::string &pickle, const Storages &storages, bool deflate = false, bool wide = false) {
  std::vector<ZipMember> members = {{"net/data.pkl", pickle, deflate}, {"net/byteorder", "little", false}};
  for (const auto &[key, bytes] : storages)
    members.push_back({"net/data/" + key, bytes, deflate});
  return zip(members, wide);
}

/// `elementBytes`: of all storages.
inline std::string torchPickles(const std::string &pickle, const Storages &storages, size_t elementBytes) {
  std::string file =
      PickleText().raw("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19").end() + PickleText().number(1001).end();
  file += PickleText().raw("}").text("little_endian").raw("\x88s").end() + pickle;
  PickleText keys;
  keys.raw("](");
  for (const auto &storage : storages)
    keys.text(storage.first);
  file += keys.raw("e").end();
  for (const auto &storage : storages)
    file += littleEndian(storage.second.size() / elementBytes, 8) + storage.second;
  return file;
}

} // namespace test

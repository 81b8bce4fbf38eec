// The safetensors format, little-endian like every machine that we run on.
#include "tools/weights/SafetensorsWriter.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"

using namespace skip::tool;

void SafetensorsWriter::add(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values) {
  add(name, shape, "F32", llvm::StringRef(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)));
}

void SafetensorsWriter::add(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, llvm::StringRef type, llvm::StringRef bytes) {
  entries.push_back({name.str(), type.str(), shape.vec(), bytes});
}

std::string SafetensorsWriter::header() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os);
  int64_t offset = 0;
  json.object([&] {
    for (const Entry &entry : entries) {
      auto end = offset + static_cast<int64_t>(entry.bytes.size());
      json.attributeObject(entry.name, [&] {
        json.attribute("dtype", entry.type);
        json.attributeArray("shape", [&] {
          for (int64_t dim : entry.shape)
            json.value(dim);
        });
        json.attributeArray("data_offsets", [&] {
          json.value(offset);
          json.value(end);
        });
      });
      offset = end;
    }
  });
  text.resize((text.size() + 7) / 8 * 8, ' '); // so that the values are aligned
  return text;
}

std::string SafetensorsWriter::finish() const {
  std::string text = header(), file(8, '\0');
  llvm::support::endian::write64le(file.data(), text.size());
  size_t bytes = 8 + text.size();
  for (const Entry &entry : entries)
    bytes += entry.bytes.size();
  file.reserve(bytes);
  file += text;
  for (const Entry &entry : entries)
    file += entry.bytes;
  return file;
}

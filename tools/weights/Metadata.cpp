// The header is JSON, of which only the object `__metadata__` is of interest here.
#include "tools/weights/Metadata.h"

#include "support/Printable.h"
#include "tools/text/Failure.h"

#include "llvm/ADT/STLExtras.h"

#include <nlohmann/json.hpp>

#include <cstring>

using namespace skip;
using tool::Metadata;

llvm::Expected<Metadata> tool::readMetadata(llvm::ArrayRef<char> file, const std::string &path) {
  uint64_t length = 0;
  if (file.size() >= sizeof length)
    std::memcpy(&length, file.data(), sizeof length);
  if (file.size() < sizeof length || length > file.size() - sizeof length)
    return badInput(quotedName(path) + " is not a safetensors file, or is cut short");
  const char *begin = file.data() + sizeof length;
  nlohmann::json header = nlohmann::json::parse(begin, begin + length, nullptr, /*allow_exceptions=*/false);
  if (!header.is_object())
    return badInput("the header of " + quotedName(path) + " is broken");
  Metadata texts;
  if (auto metadata = header.find("__metadata__"); metadata != header.end() && metadata->is_object())
    for (const auto &[name, value] : metadata->items())
      if (value.is_string())
        texts.push_back({name, value.get<std::string>()});
  return texts;
}

const std::string *tool::findText(const Metadata &texts, llvm::StringRef name) {
  auto found = llvm::find_if(texts, [&](const auto &text) { return text.first == name; });
  return found == texts.end() ? nullptr : &found->second;
}

std::vector<std::string> tool::classNamesIn(const Metadata &texts) {
  std::vector<std::string> names;
  const std::string *text = findText(texts, "classes");
  for (llvm::StringRef rest = text ? llvm::StringRef(*text) : ""; !rest.empty();) {
    auto [name, others] = rest.split('\n');
    names.push_back(name.str());
    rest = others;
  }
  return names;
}

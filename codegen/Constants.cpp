// One list of names and values, written in two ways.
//
// A port's name may be no identifier (`layer1.0`), and two names may become one when they are made one, or by what is put
// behind them: the later one then has a `_` at its end.
#include "codegen/Constants.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include <charconv>

namespace skip::codegen {

namespace {
struct Constant {
  std::string name; // `input_image_mean`
  const char *type; // in C++
  std::vector<std::string> values;
  bool isList = false;
};
} // namespace

std::string numberText(float value) {
  char text[32];
  std::string number(text, std::to_chars(text, text + sizeof text, value).ptr);
  return number.find_first_of(".en") == number.npos ? number + ".0" : number;
}

/// A string literal in which nothing is left to interpret: no trigraphs, no bytes beyond ASCII.
static std::string quoted(llvm::StringRef text) {
  std::string literal = "\"";
  for (char letter : text)
    if (llvm::isPrint(letter) && letter != '"' && letter != '\\' && letter != '?') {
      literal += letter;
    } else {
      auto byte = static_cast<uint8_t>(letter);
      literal += '\\';
      for (int shift : {6, 3, 0})
        literal += static_cast<char>('0' + (byte >> shift & 7));
    }
  return literal + "\"";
}

namespace {
class Constants {
public:
  explicit Constants(const Image &image);
  std::vector<Constant> list;

private:
  void add(const std::string &name, const char *type, std::vector<std::string> values, bool isList);
  void number(const std::string &name, int64_t value) { add(name, "std::int64_t", {std::to_string(value)}, false); }
  void index(const std::string &name, size_t value) { add(name, "std::int32_t", {std::to_string(value)}, false); }
  void numbers(const std::string &name, const float *values, size_t count, bool isDeviation);
  void addPicture(const std::string &name, const Port &port, const SkipPicture &picture);

  llvm::StringSet<> taken;
};
} // namespace

static std::string identifier(llvm::StringRef name) {
  std::string text;
  for (char letter : name)
    text += llvm::isAlnum(letter) ? letter : '_';
  return text;
}

void Constants::add(const std::string &name, const char *type, std::vector<std::string> values, bool isList) {
  std::string free = name;
  while (!taken.insert(llvm::StringRef(free).upper()).second)
    free += '_';
  list.push_back({free, type, std::move(values), isList});
}

void Constants::numbers(const std::string &name, const float *values, size_t count, bool isDeviation) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i)
    texts.push_back(numberText(isDeviation && values[i] == 0 ? 1 : values[i]) + "f");
  add(name, "float", std::move(texts), true);
}

void Constants::addPicture(const std::string &name, const Port &port, const SkipPicture &picture) {
  number(name + "_channels", picture.channels);
  number(name + "_height", port.dims[2]);
  number(name + "_width", port.dims[3]);
  bool isWhole = picture.resize[1] > 0;
  number(name + "_resize", isWhole ? 0 : picture.resize[0]);
  number(name + "_resize_height", isWhole ? picture.resize[0] : 0);
  number(name + "_resize_width", picture.resize[1]);
  number(name + "_crop", picture.crop);
  number(name + "_bicubic", picture.filter == SKIP_FILTER_BICUBIC);
  numbers(name + "_mean", picture.mean, picture.channels, false);
  numbers(name + "_std", picture.deviation, picture.channels, true);
}

Constants::Constants(const Image &image) {
  int64_t most = 0;
  for (const TargetImage &target : image.targets)
    for (const Variant &variant : target.variants)
      most = std::max(most, variant.extents.empty() ? 0 : variant.extents.front().bound);
  number("max_batch", most);
  for (size_t i = 0; i < image.inputs.size(); ++i) {
    std::string name = "input_" + identifier(image.inputs[i].name);
    index(name, i);
    if (i < image.pictures.size() && image.pictures[i].channels > 0)
      addPicture(name, image.inputs[i], image.pictures[i]);
  }
  for (size_t i = 0; i < image.outputs.size(); ++i) {
    const Port &port = image.outputs[i];
    std::string name = "output_" + identifier(port.name);
    index(name, i);
    if (port.dims.size() == 2)
      number(name + "_classes", port.dims[1]);
    std::vector<std::string> names;
    for (const std::string &className : port.classes)
      names.push_back(quoted(className));
    if (!names.empty())
      add(name + "_class_names", "const char *", std::move(names), true);
  }
}

/// A name in a line, for there may be a thousand.
static std::string listText(const std::vector<std::string> &values, const char *lineEnd) {
  return "{" + llvm::join(values, values.front().front() == '"' ? "," + std::string(lineEnd) + "  " : ", ") + "}";
}

std::string macrosText(const Image &image) {
  std::string prefix = llvm::StringRef(image.name).upper() + "_";
  std::string text = "\n/* Inputs and outputs by their index, and what the spec says of them: what an input makes of pictures "
                     "(0: not declared), the\n"
                     " * elements of an output and their names. Lists are for initialisers. */\n";
  for (const Constant &constant : Constants(image).list)
    text += "#define " + prefix + llvm::StringRef(constant.name).upper() + " " +
            (constant.isList ? listText(constant.values, " \\\n") : constant.values.front()) + "\n";
  return text;
}

std::string constantsText(const Image &image) {
  std::string text;
  for (const Constant &constant : Constants(image).list)
    text += "inline constexpr " + std::string(constant.type) + " " + constant.name + (constant.isList ? "[] = " : " = ") +
            (constant.isList ? listText(constant.values, "\n") : constant.values.front()) + ";\n";
  return text;
}

} // namespace skip::codegen

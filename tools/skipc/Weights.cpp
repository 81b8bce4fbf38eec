// `skipc weights`: what a checkpoint holds.
#include "runtime/Element.h"
#include "runtime/Error.h"
#include "runtime/PackedFile.h"
#include "runtime/Safetensors.h"
#include "tools/skipc/Commands.h"
#include "tools/text/Failure.h"
#include "tools/text/Json.h"
#include "tools/text/Numbers.h"
#include "tools/text/Table.h"
#include "tools/weights/WeightsSource.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Format.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

using namespace skip;
using runtime::FileTensor;

namespace {
/// Of the values that are numbers; `nans` counts the rest.
struct Ranges {
  double least = std::numeric_limits<double>::infinity(), largest = -least, mean = 0;
  int64_t nans = 0;
};

/// The runtime reads no doubles; the tools narrow them.
struct ElementF64 {
  static constexpr int64_t bytes = 8;
  static double read(const uint8_t *from) { return llvm::bit_cast<double>(llvm::support::endian::read64le(from)); }
};
} // namespace

template <typename Element> static Ranges rangesOf(const FileTensor &tensor) {
  Ranges ranges;
  double sum = 0;
  for (int64_t i = 0; i < tensor.elements; ++i) {
    double value = static_cast<double>(Element::read(tensor.data + i * Element::bytes));
    if (std::isnan(value)) {
      ++ranges.nans;
      continue;
    }
    ranges.least = std::min(ranges.least, value);
    ranges.largest = std::max(ranges.largest, value);
    sum += value;
  }
  ranges.mean = sum / static_cast<double>(tensor.elements - ranges.nans);
  return ranges;
}

/// Nothing of types that models do not read, and where no value is a number but the count of NaN.
static std::optional<Ranges> rangesOf(const FileTensor &tensor) {
  switch (tensor.type) {
  case runtime::ElementType::F32:
    return rangesOf<runtime::ElementF32>(tensor);
  case runtime::ElementType::F16:
    return rangesOf<runtime::ElementF16>(tensor);
  case runtime::ElementType::BF16:
    return rangesOf<runtime::ElementBF16>(tensor);
  case runtime::ElementType::Other:
    return llvm::StringRef(tensor.typeName) == "F64" ? std::optional(rangesOf<ElementF64>(tensor)) : std::nullopt;
  }
  return std::nullopt;
}

static llvm::ArrayRef<int64_t> shapeOf(const FileTensor &tensor) { return {tensor.dims, static_cast<size_t>(tensor.rank)}; }

static std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : " x ") + std::to_string(dim);
  return text.empty() ? "a number" : text;
}

static void printShape(llvm::json::OStream &json, llvm::ArrayRef<int64_t> shape) {
  json.attributeArray("shape", [&] {
    for (int64_t dim : shape)
      json.value(dim);
  });
}

static void printTensor(llvm::json::OStream &json, const FileTensor &tensor, bool stats) {
  tool::addText(json, "name", tensor.name);
  json.attribute("type", tensor.typeName);
  printShape(json, shapeOf(tensor));
  json.attribute("bytes", tensor.bytes);
  std::optional<Ranges> ranges = stats ? rangesOf(tensor) : std::nullopt;
  if (!ranges)
    return;
  tool::addNumber(json, "least", ranges->least);
  tool::addNumber(json, "largest", ranges->largest);
  tool::addNumber(json, "mean", ranges->mean);
  json.attribute("nans", ranges->nans);
}

static void printUnreadable(llvm::json::OStream &json, const tool::UnreadableTensor &tensor) {
  tool::addText(json, "name", tensor.name);
  tool::addText(json, "type", tensor.kind);
  if (tensor.shape)
    printShape(json, *tensor.shape);
}

static int64_t totalBytes(const runtime::Safetensors &tensors) {
  int64_t total = 0;
  for (size_t i = 0; i < tensors.count(); ++i)
    total += tensors[i].bytes;
  return total;
}

static void printJson(const runtime::Safetensors &tensors, llvm::ArrayRef<tool::UnreadableTensor> unreadable, bool stats,
                      tool::JsonReply &reply) {
  reply.add([&](llvm::json::OStream &json) {
    json.attribute("bytes", totalBytes(tensors));
    json.attributeArray("tensors", [&] {
      for (size_t i = 0; i < tensors.count(); ++i)
        json.object([&] { printTensor(json, tensors[i], stats); });
      for (const tool::UnreadableTensor &tensor : unreadable)
        json.object([&] { printUnreadable(json, tensor); });
    });
  });
}

static std::string short4(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.4g", value);
  return text;
}

static void addStats(std::vector<std::string> &cells, const FileTensor &tensor) {
  std::optional<Ranges> ranges = rangesOf(tensor);
  bool numbers = ranges && ranges->nans < tensor.elements;
  for (double value : {ranges ? ranges->least : 0, ranges ? ranges->largest : 0, ranges ? ranges->mean : 0})
    cells.push_back(numbers ? short4(value) : "");
  cells.push_back(ranges && ranges->nans ? tool::withSeparators(ranges->nans) : "");
}

static void printTable(const runtime::Safetensors &tensors, llvm::ArrayRef<tool::UnreadableTensor> unreadable, bool stats,
                       size_t width) {
  constexpr auto right = tool::Table::Align::right;
  std::vector<tool::Table::Column> columns = {
      {"tensor"}, {"type"}, {"shape"}, {"bytes", right, stats}}; // which are known from the two
  if (stats)
    columns.insert(columns.end(), {{"least", right}, {"largest", right}, {"mean", right}, {"NaN", right}});
  std::vector<std::string> total = {"total of " + std::to_string(tensors.count() + unreadable.size()), "", "",
                                    tool::withSeparators(totalBytes(tensors))};
  total.resize(columns.size());
  tool::Table table(columns);
  for (size_t i = 0; i < tensors.count(); ++i) {
    const FileTensor &tensor = tensors[i];
    std::vector<std::string> cells = {tensor.name, tensor.typeName, shapeText(shapeOf(tensor)),
                                      tool::withSeparators(tensor.bytes)};
    if (stats)
      addStats(cells, tensor);
    table.add(std::move(cells));
  }
  for (const tool::UnreadableTensor &tensor : unreadable) {
    std::vector<std::string> cells = {tensor.name, tensor.kind, tensor.shape ? shapeText(*tensor.shape) : ""};
    cells.resize(columns.size());
    table.add(std::move(cells));
  }
  table.add(std::move(total));
  table.print(llvm::outs(), width);
}

llvm::Error tool::weights(const Options &options) {
  llvm::Expected<WeightsSource> source = WeightsSource::openFile(options.weights);
  if (!source)
    return source.takeError();
  if (runtime::isPacked(source->data(), source->size()))
    return badInput("`" + source->path() +
                    "` holds packed weights, which have no names; the checkpoint that they were made from can be listed");
  runtime::Safetensors tensors;
  if (tensors.parse(source->data(), source->size(), source->path().c_str()) != SKIP_OK)
    return badInput(runtime::lastErrorText());
  if (options.json)
    printJson(tensors, source->unreadable(), options.stats, *options.reply);
  else
    printTable(tensors, source->unreadable(), options.stats, widthOfTables(options));
  return llvm::Error::success();
}

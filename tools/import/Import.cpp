// Read, map, name, align, find blocks, write.
#include "tools/import/Import.h"

#include "tools/import/AlignShortcuts.h"
#include "tools/import/Mapping.h"
#include "tools/import/Naming.h"
#include "tools/import/Spec.h"
#include "tools/import/SpecCheck.h"
#include "tools/import/Uses.h"
#include "tools/import/Constant.h"

#include "support/Printable.h"
#include "tools/weights/SafetensorsWriter.h"

#include "llvm/Support/Path.h"

#include <deque>

using namespace skip;
using namespace skip::onnx;

/// [K, N] as [N, K].
static std::vector<float> transposed(const std::vector<float> &values, int64_t rows, int64_t columns) {
  std::vector<float> result(values.size());
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      result[j * rows + i] = values[i * columns + j];
  return result;
}

/// Types that the checkpoint's format has stay as they are.
static llvm::StringRef storedName(ElementType type) {
  switch (type) {
  case ElementType::Float:
    return "F32";
  case ElementType::Float16:
    return "F16";
  case ElementType::Bfloat16:
    return "BF16";
  case ElementType::Double:
  case ElementType::Uint8:
  case ElementType::Int8:
  case ElementType::Int32:
  case ElementType::Int64:
  case ElementType::Bool:
    return "";
  }
  return "";
}

static void writeCheckpoint(const Net &net, Imported &imported) {
  tool::SafetensorsWriter writer;
  std::deque<std::vector<float>> owned;
  for (const Call &call : net.calls)
    for (const Parameter &parameter : call.parameters) {
      std::string name = call.path + "." + parameter.suffix.str();
      ++imported.tensors;
      imported.elements += *countElements(parameter.dims);
      if (llvm::StringRef stored = storedName(parameter.tensor.type); !stored.empty() && !parameter.transposed) {
        writer.add(name, parameter.dims, stored, parameter.tensor.bytes);
        continue;
      }
      owned.push_back(floatsOf(parameter.tensor));
      if (parameter.transposed)
        owned.back() = transposed(owned.back(), parameter.dims[1], parameter.dims[0]);
      writer.add(name, parameter.dims, owned.back());
    }
  imported.safetensors = writer.finish();
}

static void noteUnread(const Net &net, Imported &imported) {
  Uses uses(net);
  for (ValueId input = 0; input < net.inputs.size(); ++input)
    if (uses.count(input) == 0)
      imported.notes.push_back("no output depends on the input `" + net.inputs[input].name +
                               "`: the model has it, and does not read it");
}

llvm::Expected<Imported> onnx::importNet(const Model &model, Net net, llvm::StringRef name) {
  namePaths(net);
  alignShortcuts(net);
  Spec spec = structure(net, name);
  llvm::StringRef file = llvm::sys::path::filename(model.path);
  spec.comment = {
      "Imported from `" + printable(file) + "`" +
          (model.producer.empty() ? "" : ", which " + printable(model.producer) + " wrote") + ".",
      "The file does not say how pictures are normalised: give the input {mean = [...], std = [...]} (docs/preprocessing.md)."};
  Imported imported;
  imported.name = name.str();
  imported.blocks = spec.blocks.size();
  imported.spec = writeSpec(spec);
  if (llvm::Error error = checkSpec(imported.spec, net, model.path))
    return error;
  writeCheckpoint(net, imported);
  imported.notes = model.notes;
  noteUnread(net, imported);
  return imported;
}

llvm::Expected<Imported> onnx::importModel(const Model &model, llvm::StringRef name) {
  llvm::Expected<Net> net = mapModel(model);
  return net ? importNet(model, std::move(*net), name) : net.takeError();
}

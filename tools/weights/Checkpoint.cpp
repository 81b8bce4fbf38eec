// Reads a checkpoint by the runtime's own naming rules.
#include "tools/weights/Checkpoint.h"

#include "runtime/Element.h"
#include "runtime/Error.h"
#include "runtime/PackedFile.h"
#include "tools/text/Failure.h"
#include "tools/weights/WeightsSource.h"

using namespace skip;
using tool::Checkpoint;

llvm::Expected<Checkpoint> Checkpoint::open(const WeightsSource &source, const codegen::Image &image) {
  if (runtime::isPacked(source.data(), source.size()))
    return badInput("`" + source.path() +
                    "` holds packed weights; the reference needs the checkpoint that they were made from");
  Checkpoint checkpoint;
  checkpoint.tensors = std::make_unique<runtime::Safetensors>();
  codegen::ImageView view(image);
  std::vector<const runtime::FileTensor *> matches(image.tensors.size());
  runtime::LoadSummary summary;
  if (runtime::matchCheckpoint(view.get(), view.get().targets[0], source.data(), source.size(), source.path().c_str(),
                               *checkpoint.tensors, matches.data(), summary) != SKIP_OK)
    return badInput(runtime::lastErrorText());
  for (size_t i = 0; i < matches.size(); ++i)
    checkpoint.byName[image.tensors[i].name] = matches[i];
  return checkpoint;
}

template <typename Element> static void convert(const runtime::FileTensor &from, std::vector<double> &to) {
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = static_cast<double>(Element::read(from.data + i * Element::bytes));
}

reference::Tensor Checkpoint::read(llvm::StringRef name) const {
  const runtime::FileTensor &tensor = *byName.lookup(name);
  reference::Tensor result(std::vector<int64_t>(tensor.dims, tensor.dims + tensor.rank));
  if (tensor.type == runtime::ElementType::F32)
    convert<runtime::ElementF32>(tensor, result.data);
  else if (tensor.type == runtime::ElementType::F16)
    convert<runtime::ElementF16>(tensor, result.data);
  else
    convert<runtime::ElementBF16>(tensor, result.data);
  return result;
}

#include "tools/running/ClassOutput.h"

#include "tools/text/Failure.h"

using namespace skip;

static bool canBeClasses(const tool::OutputPort &port) { return port.dims.size() == 1 && port.dims[0] >= 2; }

/// `logits` [10], `features` [64, 8, 8]
static std::string listOf(const tool::Ports &ports, bool all) {
  std::string text;
  for (const tool::OutputPort &port : ports.outputs)
    if (all || canBeClasses(port))
      text += (text.empty() ? "`" : ", `") + port.name + "` " + tool::shapeText(port.dims);
  return text;
}

llvm::Expected<size_t> tool::classOutput(const Ports &ports, llvm::StringRef name) {
  auto found = name.empty() ? llvm::find_if(ports.outputs, canBeClasses)
                            : llvm::find_if(ports.outputs, [&](const OutputPort &port) { return port.name == name; });
  if (found == ports.outputs.end() && name.empty())
    return badInput("no output of the model can be classes, which are a vector of two or more: " + listOf(ports, true));
  if (found == ports.outputs.end())
    return badInput("the model has no output `" + name + "`, but " + listOf(ports, true));
  if (!canBeClasses(*found))
    return badInput("the output `" + name + "` is " + shapeText(found->dims) +
                    ", no list of classes, which are a vector of two or more");
  if (name.empty() && llvm::count_if(ports.outputs, canBeClasses) > 1)
    return badInput("several outputs of the model can be classes, " + listOf(ports, false) + ": choose one with --output-name");
  return static_cast<size_t>(found - ports.outputs.begin());
}

// sqrt(0 + 1) is 1, so that nothing of the norm is left but its weight and its bias.
#include "tools/import/Affine.h"

#include "tools/import/Constant.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace skip::onnx;

bool Line::isSound() const {
  constexpr double most = 1e6; // of any scale that a network has; far from where float32 ends
  auto isSmall = [](double number) { return std::abs(number) <= most; };
  return llvm::all_of(scale, isSmall) && llvm::all_of(shift, isSmall);
}

ValueId skip::onnx::addLine(Net &net, ValueId x, const Line &line, std::string path) {
  if (line.isPlain())
    return x;
  const Dims dims = net.dimsOf(x);
  auto channels = static_cast<size_t>(dims[0]);
  auto ofAll = [&](const std::vector<double> &numbers) {
    return numbers.size() == channels ? numbers : std::vector<double>(channels, numbers[0]);
  };
  Call call{"bn", {x}, {{"eps", 1.0, 1e-5}}, dims, {}};
  auto add = [&](llvm::StringLiteral suffix, const std::vector<double> &numbers) {
    call.parameters.push_back({suffix, makeConstant(path, ElementType::Double, {dims[0]}, numbers), {dims[0]}});
  };
  add("weight", ofAll(line.scale));
  add("bias", ofAll(line.shift));
  add("running_mean", std::vector<double>(channels, 0));
  add("running_var", std::vector<double>(channels, 0));
  call.path = std::move(path);
  net.calls.push_back(std::move(call));
  return net.resultOf(net.calls.size() - 1);
}

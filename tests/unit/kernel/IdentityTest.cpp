// What is taken for one kernel has one code. Pairs of specifications that differ in at most one member are drawn, of every
// family: were a member left out of the comparison, a pair would be equal and its code not.
#include "codegen/kernel/Kernel.h"
#include "codegen/x86/EmitObject.h"

#include <catch2/catch.hpp>

#include <random>

using namespace skip;
using namespace skip::kernel;

namespace {
class Draw {
public:
  explicit Draw(unsigned seed) : engine(seed) {}
  int64_t between(int64_t low, int64_t high) { return low + static_cast<int64_t>(engine() % uint64_t(high - low + 1)); }
  bool coin() { return between(0, 1) == 1; }

  Epilogue epilogue() {
    Epilogue chain;
    for (int64_t i = between(0, 2); i > 0; --i)
      chain.push_back(static_cast<EpilogueOp>(between(0, 2)));
    return chain;
  }

  Spec spec() {
    switch (between(0, 7)) {
    case 0:
    case 1:
      return conv();
    case 2:
      return winograd();
    case 3:
      return windows();
    case 4:
      return MaxPoolSpec{between(1, 3), between(1, 2)};
    case 5:
      return ElementwiseSpec{epilogue()};
    case 6:
      return RelayoutSpec{coin(), coin()};
    default:
      return PadChannelsSpec{between(0, 2), between(1, 2)};
    }
  }

private:
  ConvSpec conv() {
    ConvSpec spec;
    for (int64_t root = between(1, 2); root > 0; --root)
      spec.roots.push_back({between(1, 2), between(1, 2), between(1, 2), coin()});
    spec.bias = coin();
    spec.epilogue = epilogue();
    spec.schedule = {between(1, 2), between(1, 2), between(1, 3), {}};
    return spec;
  }
  WinogradInputSpec windows() {
    WinogradInputSpec spec;
    spec.tile = between(2, 4);
    spec.group = between(2, 3);
    return spec;
  }
  WinogradConvSpec winograd() {
    WinogradConvSpec spec;
    spec.tile = between(2, 3);
    spec.group = between(1, 2);
    spec.fusedBlocks = between(0, 1);
    spec.bias = coin();
    spec.epilogue = epilogue();
    spec.schedule = {between(1, 2), 1, spec.group, {}};
    return spec;
  }

  std::mt19937 engine;
};
} // namespace

/// Another value for one member, or the same specification.
static Spec changed(Spec spec, Draw &draw) {
  if (auto *conv = std::get_if<ConvSpec>(&spec)) {
    ConvRoot &root = conv->roots[draw.between(0, conv->roots.size() - 1)];
    switch (draw.between(0, 8)) {
    case 0:
      root.planarInput = !root.planarInput;
      break;
    case 1:
      root.stride = draw.between(1, 2);
      break;
    case 2:
      std::swap(root.kernelHeight, root.kernelWidth);
      break;
    case 3:
      std::swap(conv->roots.front(), conv->roots.back());
      break;
    case 4:
      conv->bias = draw.coin();
      break;
    case 5:
      conv->epilogue = draw.epilogue();
      break;
    case 6:
      conv->lastLanes = draw.between(0, 2);
      break;
    case 7:
      conv->schedule.columns = draw.between(1, 3);
      break;
    default:
      conv->schedule.rows = draw.between(1, 2);
    }
  } else if (auto *winograd = std::get_if<WinogradConvSpec>(&spec)) {
    switch (draw.between(0, 3)) {
    case 0:
      winograd->lastLanes = draw.between(0, 2);
      break;
    case 1:
      winograd->fusedBlocks = draw.between(0, 1);
      break;
    case 2:
      winograd->schedule.ocBlocks = draw.between(1, 2);
      break;
    default:
      winograd->epilogue = draw.epilogue();
    }
  }
  return spec;
}

static std::string codeOf(const Spec &spec) {
  llvm::Expected<std::string> text = x86::printKernel({"k", spec, {SKIP_ISA_AVX2, "", ""}}, x86::Stage::Kernel);
  REQUIRE(bool(text));
  return *text;
}

TEST_CASE("equal specifications have equal code, and different code is of different specifications") {
  Draw draw(1);
  int differing = 0;
  for (int i = 0; i < 300; ++i) {
    Spec first = draw.spec(), second = i % 3 ? changed(first, draw) : draw.spec();
    bool isSameCode = codeOf(first) == codeOf(second);
    differing += !isSameCode;
    INFO("pair " << i << ", family " << first.index());
    if (first == second)
      CHECK(isSameCode);
    if (!isSameCode)
      CHECK_FALSE(first == second);
  }
  CHECK(differing > 100);
}

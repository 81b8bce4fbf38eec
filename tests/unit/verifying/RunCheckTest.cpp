// Runs that depend on memory, by a body that is made up.
#include "tools/verifying/RunCheck.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace skip;

namespace {
/// Doubles its input of two elements an image by way of a workspace. What a test sets is its fault.
class MadeUp : public tool::RunningBody {
public:
  llvm::StringRef isa() const override { return "made-up"; }
  llvm::Error run(int64_t images, llvm::ArrayRef<const float *> inputs, llvm::ArrayRef<float *> outputs) override {
    float old = workspace.floats()[5];
    for (int64_t i = 0; i < 2 * (images - imagesForgotten); ++i)
      workspace.floats()[i] = inputs[0][i];
    for (int64_t i = 0; i < 2 * images; ++i)
      if (float value = workspace.floats()[i]; writesOutput)
        outputs[0][i] = (overflows ? INFINITY - INFINITY : 2) * value;
    if (addsOld && !std::isnan(old))
      outputs[0][1] += old;
    workspace.floats()[overrun ? 8 : 7] = 0;
    if (overrunsOutput)
      outputs[0][-1] = 0;
    return llvm::Error::success();
  }
  llvm::Error observe(Observer) override { return llvm::Error::success(); }
  void spoilWorkspace() override { workspace.fill(); }
  void clearWorkspace() override { workspace.clear(); }
  bool isWorkspaceIntact() const override { return workspace.isIntact(); }

  int64_t imagesForgotten = 0;
  bool writesOutput = true, addsOld = false, overrun = false, overrunsOutput = false, overflows = false;

private:
  tool::GuardedMemory workspace{8 * sizeof(float)};
};
} // namespace

static std::string faultsOf(tool::RunningBody &body) {
  tool::Ports ports;
  ports.inputs.push_back({"x", {2}, {}, {}, 0});
  ports.outputs.push_back({"y", {2}, {}, false});
  tool::RandomInput first(ports, 3, 1), other(ports, 3, 2);
  llvm::Expected<tool::RunFindings> findings = tool::checkRuns(body, {ports, first, other, 3});
  REQUIRE(static_cast<bool>(findings));
  std::string all;
  for (const std::string &fault : findings->faults)
    all += fault + "\n";
  return all;
}

TEST_CASE("runs: nothing is found where all is written") {
  MadeUp body;
  CHECK(faultsOf(body).empty());
}

TEST_CASE("runs: what is no number whatever memory holds is told from what reads memory") {
  MadeUp body;
  body.overflows = true;
  CHECK(faultsOf(body).find("are no numbers, whatever memory holds") != std::string::npos);
}

TEST_CASE("runs: memory that was never written is NaN") {
  MadeUp body;
  body.imagesForgotten = 1;
  CHECK(
      faultsOf(body).find("output `y`: 2 of 6 elements are no numbers in a run in memory that holds NaN (the first in image 2 "
                          "of 3)") != std::string::npos);
}

TEST_CASE("runs: a kernel that hides NaN is found by what other images left behind") {
  MadeUp body;
  body.addsOld = true;
  CHECK(faultsOf(body) == "output `y`: 1 of 6 elements change when other images were run before (the first in image 0 of 3)\n");
}

TEST_CASE("runs: an output that is not written") {
  MadeUp body;
  body.writesOutput = false;
  CHECK(faultsOf(body).find("output `y`: 6 of 6 elements are no numbers") == 0);
}

TEST_CASE("runs: a write behind the workspace or before an output") {
  MadeUp behind, before;
  behind.overrun = true;
  CHECK(faultsOf(behind) == "something was written before or behind the workspace\n");
  before.overrunsOutput = true;
  CHECK(faultsOf(before) == "something was written before or behind an output array\n");
}

TEST_CASE("guarded memory is aligned NaN, and sees a write at either side") {
  tool::GuardedMemory memory(12);
  REQUIRE(memory.data());
  CHECK(reinterpret_cast<uintptr_t>(memory.data()) % 64 == 0);
  for (int i = -1; i < 4; ++i)
    CHECK(std::isnan(memory.floats()[i]));
  memory.floats()[0] = memory.floats()[2] = 1;
  CHECK(memory.isIntact());
  memory.fill();
  CHECK(std::isnan(memory.floats()[2]));
  memory.floats()[3] = memory.floats()[4];
  CHECK_FALSE(memory.isIntact());
}

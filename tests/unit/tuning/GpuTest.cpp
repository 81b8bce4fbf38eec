// Measurements of GPUs: their fingerprints, beside those of CPUs in texts, and which a build goes by.
#include "ir/plan/cuda/Gpu.h"
#include "tools/tuning/Export.h"
#include "tools/tuning/Select.h"
#include "tools/tuning/Ties.h"

#include "tests/unit/tuning/Samples.h"

using namespace skip;
using namespace skip::test;
using tuning::GpuDevice;
using tuning::Measurement;

TEST_CASE("gpu: the fingerprint reads back, other texts are refused") {
  GpuDevice nameless = sampleGpu();
  nameless.name = "";
  for (const GpuDevice &device : {sampleGpu(), nameless, tuning::commonGpu()})
    CHECK(GpuDevice::parse(device.text()) == device);
  CHECK(sampleGpu().text() == "gpu 9.0 sms 132 l2 52428800 memory 79 NVIDIA H100 80GB HBM3");
  for (const char *text :
       {"", "gpu", "gpu 9 sms 132 l2 1 memory 1", "gpu 9.0 sms 0 l2 1 memory 1", "gpu 9.0 sms -1 l2 1 memory 1",
        "gpu 9.0 sms 132 l2 1", "gpu 9.0 sms 132 l2 1 memory 1 ", "gpu 9.0 sms 132 l2 1 memory 1 a  b",
        "gpu 9.0 sms 132 l2 1 memory 1 caf\xC3\xA9", "gpu 09.0 sms 132 l2 1 memory 1"}) {
    CAPTURE(text);
    CHECK_FALSE(GpuDevice::parse(text));
    CHECK_FALSE(tuning::parseDevice(text));
  }
  CHECK_FALSE(tuning::Device::parse(sampleGpu().text()));
  CHECK_FALSE(GpuDevice::parse(sampleDevice().text()));
}

TEST_CASE("gpu: the generation counts most, then sizes, then memory and name") {
  GpuDevice here = sampleGpu(), larger = here, smaller = here, other = here, cousin = here;
  larger.memory = 141;
  larger.name = "NVIDIA H200";
  smaller.multiprocessors = 114;
  other.major = 8;
  cousin.minor = 1;
  CHECK(tuning::distance(here, here) == 0);
  CHECK(tuning::distance(here, larger) > 0);
  CHECK(tuning::distance(here, larger) < 1);
  CHECK(tuning::distance(here, smaller) >= 1);
  CHECK(tuning::distance(here, cousin) >= 1);
  CHECK(tuning::distance(here, smaller) < tuning::distance(here, other));
  CHECK(tuning::distance(here, other) == tuning::distance(other, here));
}

TEST_CASE("gpu: a text holds both kinds, and no entry whose parts are of two") {
  std::string text = tuning::exportText({sampleMeasurement(), sampleOfGpu()});
  tuning::Ignored ignored;
  std::vector<Measurement> read = require(tuning::importText(text, "t", ignored));
  CHECK(ignored.count == 0);
  CHECK(read.size() == 2);
  CHECK(tuning::exportText(read) == text);
  std::string head = "skip-tuning 1\ndevice " + sampleGpu().text() + "\ncompiler skip 0.1.0 llvm 22\n";
  for (const char *line : {"conv2d 3x3/1 p1 64->64 56x56 n1 nhwc bf16; t1; direct 1x1x14; 1000 ns; 8 runs\n",
                           "conv2d 3x3/1 p1 64->64 56x56 n1 nhwc bf16; t1; gemm 64x64x16/8x4; 1000 ns; 8 runs\n",
                           "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512; t1; direct 1x1x14; 1000 ns; 8 runs\n"}) {
    CAPTURE(line);
    ignored = {};
    CHECK(require(tuning::importText(head + line, "t", ignored)).empty());
    CHECK(ignored.count == 1);
  }
}

static std::vector<std::string> chosenFor(const GpuDevice &device, const std::vector<Measurement> &all) {
  plan::CudaTuning table = tuning::selectFor(device, tuning::compilerVersion(), {all});
  std::vector<std::string> texts;
  for (const auto &[problem, entry] : table.entries)
    for (const plan::CudaChoice &choice : entry.choices)
      texts.push_back(plan::choiceText(choice));
  return texts;
}

TEST_CASE("gpu: builds go by the nearest GPU, its fastest first, and CPUs' measurements say nothing") {
  Measurement fast = sampleOfGpu(10000, "mma 64x64x64/2x2*3"), slow = sampleOfGpu(20000, "mma 128x64x32/2x2*4"),
              far = sampleOfGpu(1000, "mma 32x32x64/2x2*4");
  far.device = tuning::commonGpu();
  std::vector<Measurement> all{slow, far, fast, sampleMeasurement()};
  CHECK(chosenFor(sampleGpu(), all) == std::vector<std::string>{"mma 64x64x64/2x2*3", "mma 128x64x32/2x2*4"});
  CHECK(chosenFor(tuning::commonGpu(), all) == std::vector<std::string>{"mma 32x32x64/2x2*4"});
  CHECK(chosenFor(tuning::commonGpu(), {fast}) == std::vector<std::string>{"mma 64x64x64/2x2*3"});
  CHECK(chosenFor(sampleGpu(), {sampleMeasurement()}).empty());
  plan::TuningTable table = tuning::selectFor(sampleDevice(), tuning::compilerVersion(), {{far, fast}});
  CHECK(table.find(sampleProblem()).empty());
}

TEST_CASE("gpu: of ties the cost model's own is preferred; half a microsecond is no difference") {
  Measurement other = sampleOfGpu(10000), own = other;
  const plan::Gpu &gpu = plan::h100(); // the sample
  own.choice = plan::predictedChoice(std::get<plan::CudaProblem>(own.problem), gpu);
  for (const plan::CudaChoice &choice : plan::choicesWorthMeasuring(std::get<plan::CudaProblem>(own.problem), gpu))
    if (tuning::Choice(choice) != own.choice)
      other.choice = choice;
  own.nanoseconds = 10450;
  CHECK(tuning::areTied(own, other));
  CHECK(tuning::byPreference({&other, &own}).front() == &own);
  own.nanoseconds = 10600;
  CHECK_FALSE(tuning::areTied(own, other));
  CHECK(tuning::byPreference({&own, &other}).front() == &other);
}

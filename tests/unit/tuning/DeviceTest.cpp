// Fingerprints: their text, reading them, and which of several is the nearest.
#include "tools/tuning/Select.h"

#include "tests/unit/TemporaryFolder.h"
#include "tests/unit/tuning/Samples.h"

using namespace skip;
using namespace skip::test;
using tuning::Device;
using tuning::Measurement;

TEST_CASE("device: the text reads back, other texts are refused") {
  Device nameless = sampleDevice();
  nameless.name = "";
  for (const Device &device : {sampleDevice(), nameless, Device{}})
    CHECK(Device::parse(device.text()) == device);
  for (const char *text :
       {"", "AuthenticAMD", "AuthenticAMD 26/2 avx1024 l1 1 l2 1 l3 1", "A 26/2 avx2 l1 1 l2 1", "A 26/2 avx2 l1 -1 l2 1 l3 1",
        "A 26/2 avx2 l1 01 l2 1 l3 1", "A 26/2 avx2 l1 1 l2 1 l3 1 ", "A 26/2 avx2 l1 1 l2 1 l3 1 caf\xC3\xA9"}) {
    CAPTURE(text);
    CHECK_FALSE(Device::parse(text));
  }
}

TEST_CASE("device: read from /proc and /sys") {
  ::test::TemporaryFolder folder;
  folder.write("proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n"
                               "model name\t: Intel(R)  Xeon(R)\tCPU\n\nprocessor\t: 1\nvendor_id\t: Other\n");
  auto cache = [&](const std::string &index, const char *level, const char *type, const char *size) {
    std::string base = "sys/devices/system/cpu/cpu0/cache/index" + index;
    folder.write(base + "/level", level);
    folder.write(base + "/type", type);
    folder.write(base + "/size", size);
  };
  cache("0", "1\n", "Data\n", "48K\n");
  cache("1", "1\n", "Instruction\n", "32K\n");
  cache("2", "2\n", "Unified\n", "2M\n");
  Device device = Device::read(tool::Body::avx512, folder.path(""));
  CHECK(device.text() == "GenuineIntel 6/143 avx512 l1 49152 l2 2097152 l3 0 Intel(R) Xeon(R) CPU");
  CHECK(Device::parse(device.text()) == device);
  CHECK(Device::read(tool::Body::avx2, folder.path("nowhere")).text() == "unknown 0/0 avx2 l1 0 l2 0 l3 0");
  Device here = Device::read(tool::Body::avx2);
  CHECK(Device::parse(here.text()) == here);
}

TEST_CASE("device: the body counts most, then caches, then who made it") {
  Device here = sampleDevice(), narrow = here, larger = here, other = here, cousin = here;
  narrow.body = tool::Body::avx2;
  larger.l2 *= 2;
  other.vendor = "GenuineIntel";
  cousin.model = 5;
  CHECK(tuning::distance(here, here) == 0);
  CHECK(tuning::distance(here, cousin) < tuning::distance(here, other));
  CHECK(tuning::distance(here, other) < tuning::distance(here, larger));
  CHECK(tuning::distance(here, larger) < tuning::distance(here, narrow));
  Device unknown{};
  unknown.body = here.body;
  CHECK(tuning::distance(here, unknown) < tuning::distance(here, narrow));
  CHECK(tuning::distance(here, narrow) == tuning::distance(narrow, here));
}

TEST_CASE("selection: nearest device, own before shipped, most threads, this compiler before others") {
  Measurement own = sampleMeasurement(1000, 14), shipped = sampleMeasurement(10, 8), far = sampleMeasurement(1, 7);
  deviceOf(far).l2 /= 2;
  auto chosen = [&](std::vector<std::vector<Measurement>> sources) {
    plan::TuningTable table = tuning::selectFor(sampleDevice(), tuning::compilerVersion(), sources);
    const auto &entries = table.find(problemOf(own));
    return entries.empty() ? int64_t(0) : entries[0].choice.schedule.columns;
  };
  CHECK(chosen({{own}, {shipped, far}}) == 14);
  CHECK(chosen({{}, {far, shipped}}) == 8);
  CHECK(chosen({{far}, {}}) == 7);
  CHECK(chosen({{own, shipped}}) == 8); // of one device and source the fastest
  Measurement alone = shipped;
  alone.threads = 1;
  CHECK(chosen({{own, alone}}) == 14); // measured on more threads
  Measurement old = own;
  old.compiler = "skip 0.0.1 llvm 22";
  CHECK(chosen({{old}, {shipped}}) == 8);
  CHECK(chosen({{old}, {far}}) == 14); // better than another device's
  Measurement older = old;             // of two other compilers the newer counts
  old.compiler = "skip 0.1.0 kernels 10 llvm 22";
  older.compiler = "skip 0.1.0 kernels 9 llvm 22";
  choiceOf(older).schedule.columns = 7;
  older.nanoseconds = 1;
  CHECK(chosen({{older, old}}) == 14);

  Measurement hasty = own, cousin = shipped; // of a search that was cut short; of a device that is alike
  deviceOf(cousin).model += 1;
  choiceOf(hasty).schedule.columns = 7;
  hasty.runs = tuning::settledRuns(own.problem) - 1;
  cousin.runs = old.runs = shipped.runs = own.runs = tuning::settledRuns(own.problem);
  CHECK(chosen({{hasty}, {shipped}}) == 8);
  CHECK(chosen({{hasty}, {old}}) == 14);
  CHECK(chosen({{hasty}, {cousin}}) == 8);
  choiceOf(far).schedule.columns = 28;
  CHECK(chosen({{hasty}, {far}}) == 7); // whose caches differ
  CHECK(chosen({{own}, {shipped}}) == 14);
  CHECK(chosen({{own}, {cousin}}) == 14);
  hasty.threads = 4;
  CHECK(chosen({{hasty, alone}, {shipped}}) == 8);
  problemOf(far).images = 2; // a problem of which only a far device knows
  plan::TuningTable table = tuning::selectFor(sampleDevice(), tuning::compilerVersion(), {{shipped, far}});
  CHECK(table.find(problemOf(far)).size() == 1);
  CHECK(table.find(problemOf(shipped))[0].choice.schedule.columns == 8);
}

// Measurements as text.
#include "tools/tuning/Export.h"

#include "tests/unit/tuning/Samples.h"

#include <algorithm>

using namespace skip;
using namespace skip::test;
using Catch::Matchers::Contains;
using tuning::Measurement;

static std::vector<Measurement> samples() {
  Measurement other = sampleMeasurement(5, 8);
  deviceOf(other).name = "";
  deviceOf(other).l3 = 0;
  Measurement old = sampleMeasurement(7);
  old.compiler = "skip 0.0.9 llvm 21";
  return {sampleMeasurement(), other, sampleMeasurement(800, 8), old};
}

TEST_CASE("export: the same text for any order, and it reads back") {
  std::vector<Measurement> list = samples();
  std::string text = tuning::exportText(list);
  CHECK_THAT(text, Contains("conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512; t2; direct 1x1x14; 1000 ns; 8 runs\n"));
  std::reverse(list.begin(), list.end());
  CHECK(tuning::exportText(list) == text);
  tuning::Ignored ignored;
  std::vector<Measurement> back = require(tuning::importText(text, "t", ignored));
  CHECK(ignored.count == 0);
  CHECK(back.size() == list.size());
  CHECK(tuning::exportText(back) == text);
  CHECK(tuning::exportText(std::vector<Measurement>()) == "skip-tuning 1\n");
  CHECK(require(tuning::importText("skip-tuning 1\n", "t", ignored)).empty());
}

TEST_CASE("export: errors name the line") {
  tuning::Ignored ignored;
  auto error = [&](const std::string &text) { return errorOf(tuning::importText(text, "file.txt", ignored)); };
  CHECK_THAT(error(""), Contains("`file.txt`, line 1: expected `skip-tuning 1`"));
  CHECK_THAT(error("skip-tuning 3\n"), Contains("a newer skipc"));
  CHECK_THAT(error("skip-tuning 1\n\ndevice nonsense\n"), Contains("line 3: this is no device"));
  std::string line = "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512; t2; direct 1x1x14; 1000 ns; 8 runs\n";
  CHECK_THAT(error("skip-tuning 1\n" + line), Contains("line 2: a measurement before the first `device`"));
  std::string head = "skip-tuning 1\n# a remark\ndevice " + sampleDevice().text() + "\ncompiler skip 0.1.0 llvm 22\n";
  CHECK(error(head + line) == "no error");
  for (const char *wrong : {"conv2d\n", "a; b; c; d; e\n", "x; t2; direct 1x1x14; 1000 ns; 8 runs\n"})
    CHECK_THAT(error(head + wrong), Contains("line 5: expected `problem;"));
  std::string problem = "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512; ";
  for (const char *wrong : {"t0; direct 1x1x14; 1000 ns; 8 runs", "t2; direct 1x1x14; 0 ns; 8 runs",
                            "t2; direct 1x1x14; -5 ns; 8 runs", "t2; direct 1x1x14; 1000 ns; 0 runs"})
    CHECK_THAT(error(head + problem + wrong), Contains("line 5: expected 1 to 1024 threads"));
}

TEST_CASE("export: lines may end as some editors end them") {
  std::string text = tuning::exportText({sampleMeasurement()}), other;
  for (char c : text)
    other += c == '\n' ? std::string("\r\n") : std::string(1, c);
  tuning::Ignored ignored;
  CHECK(require(tuning::importText(other, "t", ignored)).size() == 1);
}

TEST_CASE("export: what is not legal is left out and counted") {
  tuning::Ignored ignored;
  std::string text = tuning::exportText({sampleMeasurement()});
  text += "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512; t2; direct 1x1x13; 1000 ns; 8 runs\n";
  CHECK(require(tuning::importText(text, "t", ignored)).size() == 1);
  text += "conv2d 3x3/1 p1 64->64 56x56 n1 blocked avx512; t2; direct 1x1x15; 1000 ns; 8 runs\n";
  CHECK(ignored.count == 1);
  CHECK_THAT(ignored.text(), Contains("1 tuning entry is not") && Contains("left out: `t`, line 6: `conv2d 3x3/1") &&
                                 Contains("direct 1x1x13; 1000 ns; 8 runs`"));
  CHECK(require(tuning::importText(text, "t", ignored)).size() == 1);
  CHECK(ignored.count == 3);
  CHECK_THAT(ignored.text(),
             Contains("3 tuning entries are not") && Contains("the first is `t`, line 6: `") && Contains("direct 1x1x13;"));
}

TEST_CASE("export: noise stands behind the runs, and makes it a text of version 2") {
  Measurement noisy = sampleMeasurement(1000);
  noisy.noise = 12;
  std::string text = tuning::exportText({noisy, sampleMeasurement(900, 8)});
  CHECK(text.starts_with("skip-tuning 2\n"));
  CHECK(text.find("; 1000 ns; 8 runs; 12 ns noise\n") != std::string::npos);
  CHECK(text.find("; 900 ns; 8 runs\n") != std::string::npos);
  tuning::Ignored ignored;
  std::vector<Measurement> read = require(tuning::importText(text, "x", ignored));
  REQUIRE(read.size() == 2);
  CHECK(read[0].noise + read[1].noise == 12);
  CHECK(tuning::exportText(read) == text);
  CHECK(tuning::exportText({sampleMeasurement()}).starts_with("skip-tuning 1\n"));
}

// Manifests of candidates: what is taken is sound, and all else is refused with a reason.
#include "tools/skip-time/Manifest.h"

#include "tools/skip-time/Error.h"

#include <catch2/catch.hpp>

using namespace skip;
using Catch::Matchers::Contains;

static std::string entry(const std::string &library, const std::string &problem, const std::string &choice) {
  return R"({"library": ")" + library + R"(", "bytes": 67304, "hash": "8ad1f50e20bc1fd3", "problem": ")" + problem +
         R"(", "choice": ")" + choice + R"("})";
}

static std::string manifest(const std::string &entries, const std::string &version = "2") {
  return R"({"skip-candidates": )" + version + R"(, "compiler": "skip 0.1.0 kernels 1 llvm 22", "candidates": [)" + entries +
         "]}";
}

static std::string errorOf(const std::string &text) {
  try {
    timing::readManifest(text);
    return "no error";
  } catch (const timing::Error &error) {
    return error.what();
  }
}

static const std::string kProblem = "conv2d 3x3/1 p1 8->16 6x6 n1 nhwc bf16", kChoice = "mma 32x32x64/2x2*4";

TEST_CASE("manifest: candidates of a problem stand together") {
  std::string other = "linear 1x1/1 p0 32->10 1x1 n1 nhwc f32";
  timing::Manifest read = timing::readManifest(manifest(entry("candidate-1.so", kProblem, kChoice) + "," +
                                                        entry("candidate-2.so", other, "gemm 32x32x16/4x4") + "," +
                                                        entry("candidate-3.so", kProblem, "mma 64x64x64/2x2*3")));
  CHECK(read.compiler == "skip 0.1.0 kernels 1 llvm 22");
  REQUIRE(read.entries.size() == 3);
  CHECK((read.entries[0].problem == read.entries[1].problem || read.entries[1].problem == read.entries[2].problem));
  CHECK(read.entries[0].bytes == 67304);
  CHECK(read.entries[0].hash == "8ad1f50e20bc1fd3");
}

TEST_CASE("manifest: what is none, or not sound, is refused") {
  CHECK_THAT(errorOf(""), Contains("no manifest of candidates"));
  CHECK_THAT(errorOf("[1, 2]"), Contains("no manifest of candidates"));
  CHECK_THAT(errorOf(std::string(100000, '[')), Contains("no manifest of candidates"));
  CHECK_THAT(errorOf(manifest("", "1")), Contains("another version"));
  CHECK_THAT(errorOf(R"({"skip-candidates": 2})"), Contains("no text `compiler`"));
  CHECK_THAT(errorOf(R"({"skip-candidates": 2, "compiler": "a\nb", "candidates": []})"), Contains("no compiler's version"));
  CHECK_THAT(errorOf(R"({"skip-candidates": 2, "compiler": "a", "candidates": {}})"), Contains("no list `candidates`"));
  CHECK_THAT(errorOf(manifest("7")), Contains("candidate 1 of the manifest is no object"));
  CHECK_THAT(errorOf(manifest(R"({"library": 7})")), Contains("no text `library`"));
  for (const char *name : {"../candidate-1.so", "/lib/x.so", "candidate-1", "", ".so", "-/.so", "Candidate.so"})
    CHECK_THAT(errorOf(manifest(entry(name, kProblem, kChoice))), Contains("is no library's name"));
  auto replaced = [](std::string text, const std::string &from, const std::string &to) {
    return text.replace(text.find(from), from.size(), to);
  };
  std::string good = manifest(entry("a.so", kProblem, kChoice));
  for (const char *size : {"-1", "1.5", "\"7\"", "null"})
    CHECK_THAT(errorOf(replaced(good, "67304", size)), Contains("candidate 1 of the manifest has no size `bytes`"));
  CHECK_THAT(errorOf(replaced(good, "\"hash\"", "\"other\"")), Contains("candidate 1 of the manifest has no text `hash`"));
  for (const char *hash : {"", "8AD1F50E20BC1FD3", "8ad1f50e20bc1fd", "8ad1f50e20bc1fd3a", "8ad1f50e20bc1f\\n3"})
    CHECK_THAT(errorOf(replaced(good, "8ad1f50e20bc1fd3", hash)), Contains("is no hash, which has sixteen digits"));
  CHECK_THAT(errorOf(manifest("")),
             Contains("lists no candidates") && Contains("skipc tune SPEC --target=cuda --compile-only DIR"));
  for (const char *problem : {"conv2d 3x3/1 p1 8->16 6x6 n1 blocked avx2", "conv2d 3x3/1 p1 8->16 6x6 n1 nhwc int8", "",
                              "conv2d 1x1/1 p1 8->16 1x1 n1 nhwc bf16",              // an input of no pixel
                              "conv2d 3x3/1 p1 1048576->16 1024x1024 n1 nhwc bf16"}) // of 4 TB
    CHECK_THAT(errorOf(manifest(entry("a.so", problem, kChoice))), Contains("is no problem of a GPU that can be measured"));
  for (const char *choice : {"gemm 32x32x16/4x4", "mma 32x32x64/2x2*4 parts 16", "direct 2x1x14", ""})
    CHECK_THAT(errorOf(manifest(entry("a.so", kProblem, choice))), Contains("is no choice that is legal for"));
  CHECK_THAT(errorOf(manifest(entry("a.so", kProblem, kChoice) + "," + entry("b.so", kProblem, kChoice))), Contains("twice"));
  CHECK_THAT(errorOf(std::string(timing::mostManifestBytes + 1, ' ')), Contains("larger than 16 MiB"));
}

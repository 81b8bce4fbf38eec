#include "tests/unit/emulator/Planted.h"

#include <algorithm>

namespace skip::emulator::test {
namespace {

std::vector<Settings> settingsOf(std::initializer_list<uint64_t> seeds) {
  std::vector<Settings> all;
  for (Completion completion : {Completion::eager, Completion::lazy, Completion::mixed})
    for (uint64_t seed : seeds) {
      Settings settings;
      settings.seed = seed;
      settings.completion = completion;
      settings.maxWarpInstructions = 2'000'000;
      all.push_back(settings);
    }
  return all;
}

std::string textOf(Sample sample) {
  if (sample == reverse)
    return reverseText();
  if (sample == dependentPair)
    return dependentText();
  return stored(sample == convolveAmpere   ? "conv_fprop_sm80.ptx"
                : sample == convolveHopper ? "conv_ws_cl2.ptx"
                : sample == multiplyHopper ? "gemm_nvgpu.ptx"
                                           : "nvcc80.ptx");
}

std::string broken(const Planted &planted) {
  std::string text = textOf(planted.sample), find = planted.find;
  int found = 0;
  for (size_t at = text.find(find); at != text.npos; at = text.find(find, at)) {
    ++found;
    if (planted.nth != 0 && found != planted.nth) {
      at += find.size();
      continue;
    }
    text.replace(at, find.size(), planted.replace);
    at += std::string(planted.replace).size();
  }
  INFO(planted.name << ": `" << planted.find << "` stands " << found << " times");
  REQUIRE(found > 0);
  REQUIRE(planted.nth <= found);
  return text;
}

} // namespace

void check(const Planted &planted) {
  std::string text = broken(planted);
  int caught = 0;
  for (const Settings &settings : settingsOf({1, 2})) {
    Result result = planted.sample(text, settings);
    INFO(planted.name << ", seed " << settings.seed << ", completion " << int(settings.completion) << ": "
                      << describe(result.outcome) << ", error " << result.error);
    CHECK((planted.sometimes || result.outcome.fault.has_value()));
    if (!result.outcome.fault)
      continue;
    ++caught;
    CHECK(std::find(planted.kinds.begin(), planted.kinds.end(), result.outcome.fault->kind) != planted.kinds.end());
    CHECK(result.outcome.fault->line > 0);
    CHECK_FALSE(result.outcome.fault->text.empty());
  }
  INFO(planted.name);
  CHECK(caught > 0);
}

void checkRight(Sample sample, double most, std::initializer_list<uint64_t> seeds) {
  for (const Settings &settings : settingsOf(seeds)) {
    Result result = sample(textOf(sample), settings);
    INFO("seed " << settings.seed << ", completion " << int(settings.completion) << ": " << describe(result.outcome));
    REQUIRE_FALSE(result.outcome.fault);
    CHECK(result.error <= most);
  }
}

} // namespace skip::emulator::test

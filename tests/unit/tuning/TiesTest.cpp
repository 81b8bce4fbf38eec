// What measurements cannot tell apart, the cost model decides.
#include "tools/tuning/Ties.h"

#include "tests/unit/tuning/Samples.h"
#include "tools/tuning/Select.h"

using namespace skip;
using namespace skip::test;
using tuning::Measurement;

static Measurement measured(const char *choice, int64_t nanoseconds, int64_t noise = 0) {
  Measurement m = sampleMeasurement(nanoseconds);
  m.choice = *plan::parseChoice(choice);
  m.noise = noise;
  m.runs = 13;
  REQUIRE(tuning::parse(tuning::textOf(m)));
  return m;
}

static std::vector<const Measurement *> pointersTo(const std::vector<Measurement> &list) {
  std::vector<const Measurement *> pointers;
  for (const Measurement &each : list)
    pointers.push_back(&each);
  return pointers;
}

static std::vector<std::string> preferred(const std::vector<Measurement> &list) {
  std::vector<std::string> texts;
  for (const Measurement *each : tuning::byPreference(pointersTo(list)))
    texts.push_back(tuning::choiceText(each->choice));
  return texts;
}

/// Two direct schedules of the sample's problem, the one that the cost model expects to be faster first.
static std::pair<std::string, std::string> twoSchedules() {
  std::vector<plan::ConvChoice> choices = plan::choicesOf(sampleProblem(), {});
  return {plan::choiceText(choices.front()), plan::choiceText(choices.back())};
}

TEST_CASE("ties: nearer than the noise of both, or than a hundredth") {
  CHECK(tuning::areTied(measured("direct 1x1x14", 100000, 3000), measured("direct 1x1x8", 104900, 4000)));
  CHECK_FALSE(tuning::areTied(measured("direct 1x1x14", 100000, 3000), measured("direct 1x1x8", 105000, 4000)));
  CHECK(tuning::areTied(measured("direct 1x1x14", 100000), measured("direct 1x1x8", 100900)));
  CHECK_FALSE(tuning::areTied(measured("direct 1x1x14", 100000), measured("direct 1x1x8", 101000)));
}

TEST_CASE("ties: what the cost model chooses untuned comes before what it expects to be faster") {
  Measurement untuned = measured("direct 1x1x14", 100000), other = untuned;
  untuned.choice = plan::predictedChoice(sampleProblem());
  for (const plan::ConvChoice &choice : plan::openingChoices(sampleProblem()))
    if (choice != choiceOf(untuned)) {
      other.choice = choice;
      other.nanoseconds = 99500;
      CHECK(preferred({other, untuned}).front() == tuning::choiceText(untuned.choice));
    }
}

TEST_CASE("ties: of those with the fastest the cost model chooses, whichever was a little faster") {
  auto [better, worse] = twoSchedules();
  CHECK(preferred({measured(better.c_str(), 100000), measured(worse.c_str(), 100500)}).front() == better);
  CHECK(preferred({measured(worse.c_str(), 100000), measured(better.c_str(), 100500)}).front() == better);
  CHECK(preferred({measured(worse.c_str(), 100000), measured(better.c_str(), 103000)}).front() == worse);
  CHECK(preferred({measured(better.c_str(), 103000, 4000), measured(worse.c_str(), 100000)}).front() == better);
}

TEST_CASE("ties: what has not all its runs is not preferred for what it may be off by") {
  auto [better, worse] = twoSchedules();
  Measurement fast = measured(worse.c_str(), 100000), slow = measured(better.c_str(), 110000, 20000);
  CHECK(preferred({fast, slow}).front() == better);
  slow.runs = 5;
  CHECK(tuning::tiedWithFastest({&fast, &slow}).size() == 2);
  CHECK(tuning::settledTies({&fast, &slow}).size() == 1);
  CHECK(preferred({fast, slow}).front() == worse);
  slow.runs = 13;
  fast.runs = 5;
  CHECK(preferred({fast, slow}).front() == worse);
}

TEST_CASE("ties: builds take what is preferred, of all algorithms and of each") {
  auto [better, worse] = twoSchedules();
  std::vector<Measurement> all{measured(worse.c_str(), 100000), measured(better.c_str(), 100500),
                               measured("winograd4/28 2x1x14", 120000)};
  plan::TuningTable table = tuning::selectFor(sampleDevice(), tuning::compilerVersion(), {all});
  const std::vector<plan::TuningTable::Entry> &entries = table.find(sampleProblem());
  REQUIRE(entries.size() == 2);
  CHECK(plan::choiceText(entries[0].choice) == better);
  CHECK(entries[0].nanoseconds == 100500);
  CHECK(plan::choiceText(entries[1].choice) == "winograd4/28 2x1x14");
  CHECK(entries[1].nanoseconds == 120000);
}

TEST_CASE("ties: the fastest is one of them, and what is far is none") {
  auto [better, worse] = twoSchedules();
  std::vector<Measurement> all{measured(better.c_str(), 100500), measured("winograd4/28 2x1x14", 90000)};
  std::vector<const Measurement *> tied = tuning::tiedWithFastest(pointersTo(all));
  REQUIRE(tied.size() == 1);
  CHECK(tuning::choiceText(tied[0]->choice) == "winograd4/28 2x1x14");
}

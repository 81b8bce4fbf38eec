// Pictures in, counts and lists out.
#include "tools/running/Judging.h"

#include "support/Printable.h"
#include "support/Threads.h"
#include "tools/text/Failure.h"

#include <algorithm>
#include <cmath>

using namespace skip;
using tool::Judging;

void Judging::fail(llvm::Error error) {
  std::lock_guard lock(guard);
  stopped = true;
  if (failure)
    llvm::consumeError(std::move(error)); // one is enough
  else
    failure.emplace(std::move(error));
}

llvm::Error Judging::readBatch(int64_t first, int64_t count, Buffers &buffers) {
  buffers.indices.clear();
  for (auto index = static_cast<size_t>(first); index < static_cast<size_t>(first + count); ++index) {
    std::string error;
    std::optional<data::Picture> picture = request.dataset.picture(index, error);
    if (!picture && request.skipBroken) {
      std::lock_guard lock(guard);
      broken.push_back({index, std::move(error)});
      continue;
    }
    if (!picture)
      return badInput(error);
    float *place = buffers.inputs.data() + static_cast<int64_t>(buffers.indices.size()) * input.elements();
    if (!request.preprocessing.apply(*picture, place, error))
      return badInput(quotedName(request.dataset.name(index)) + ": " + error);
    buffers.indices.push_back(index);
  }
  return llvm::Error::success();
}

llvm::Error Judging::judge(size_t index, llvm::ArrayRef<float> scores) {
  if (!llvm::all_of(scores, [](float score) { return std::isfinite(score); }))
    return checkFailed("the scores of picture " + llvm::Twine(index + 1) +
                       " hold NaN or infinity: look for such values in the weights");
  std::vector<Ranked> best = rank(scores, 5, output.probabilities);
  int64_t label = request.dataset.label(index);
  ++judged;
  top5 += llvm::any_of(best, [&](Ranked ranked) { return ranked.index == label; });
  if (best[0].index == label) {
    ++top1;
    return llvm::Error::success();
  }
  std::lock_guard lock(guard);
  misjudged.push_back({index, best[0]});
  return llvm::Error::success();
}

llvm::Error Judging::runBatch(Runner &runner, Buffers &buffers) {
  if (buffers.indices.empty())
    return llvm::Error::success();
  std::vector<float *> arrays(request.ports.outputs.size()); // the others are not wanted
  arrays[request.classes] = buffers.outputs.data();
  if (llvm::Error error = runner.run(static_cast<int64_t>(buffers.indices.size()), {buffers.inputs.data()}, arrays))
    return error;
  for (auto [place, index] : llvm::enumerate(buffers.indices))
    if (llvm::Error error = judge(index, llvm::ArrayRef(buffers.outputs).slice(place * output.elements(), output.elements())))
      return error;
  return llvm::Error::success();
}

void Judging::work(Runner &runner, data::Progress &progress) {
  Buffers buffers;
  buffers.inputs.resize(static_cast<size_t>(request.atOnce * input.elements()));
  buffers.outputs.resize(static_cast<size_t>(request.atOnce * output.elements()));
  auto total = static_cast<int64_t>(request.dataset.size());
  for (int64_t first = next.fetch_add(request.atOnce); first < total && !stopped; first = next.fetch_add(request.atOnce)) {
    int64_t count = std::min(request.atOnce, total - first);
    if (llvm::Error error = readBatch(first, count, buffers))
      return fail(std::move(error));
    if (llvm::Error error = runBatch(runner, buffers))
      return fail(std::move(error));
    progress.advance(static_cast<uint64_t>(count));
  }
}

llvm::Error Judging::run(llvm::ArrayRef<std::unique_ptr<Runner>> runners, data::Progress &progress) {
  std::atomic<size_t> taken{0};
  onThreads(runners.size(), [&] { work(*runners[taken++], progress); });
  if (failure)
    return std::move(*failure);
  auto byIndex = [](const auto &a, const auto &b) { return a.index < b.index; };
  std::sort(misjudged.begin(), misjudged.end(), byIndex);
  std::sort(broken.begin(), broken.end(), byIndex);
  if (judged == 0)
    return badInput("none of the " + llvm::Twine(request.dataset.size()) +
                    " pictures can be read; the first: " + broken.front().error);
  return llvm::Error::success();
}

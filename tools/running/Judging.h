// How often a model is right.
#pragma once

#include "tools/data/Dataset.h"
#include "tools/data/Progress.h"
#include "tools/running/Preprocessing.h"
#include "tools/running/Ranking.h"
#include "tools/running/Session.h"

#include <atomic>
#include <mutex>

namespace skip::tool {

/// What is judged, and by what.
struct JudgingRequest {
  const data::Dataset &dataset;
  const Preprocessing &preprocessing;
  const Ports &ports;
  size_t classes;  ///< the index of the output that is the classes
  int64_t atOnce;  ///< images a run
  bool skipBroken; ///< pictures that cannot be read are left out
};

/// A picture whose most probable class is another than its label.
struct Misjudged {
  size_t index;
  Ranked best;
};

/// A picture that was left out.
struct Broken {
  size_t index;
  std::string error; ///< names it
};

/// Each thread has a context of its own and takes the next pictures when it is done with its last ones: reading, running and
/// counting need no agreement between threads, and no more pictures are in memory than are being run.
class Judging {
public:
  explicit Judging(const JudgingRequest &request)
      : request(request), input(request.ports.inputs[0]), output(request.ports.outputs[request.classes]) {}

  /// On a thread for each runner. An error where a picture cannot be used, unless it is broken and these are left out; and
  /// where all are.
  llvm::Error run(llvm::ArrayRef<std::unique_ptr<Runner>> runners, data::Progress &progress);

  std::atomic<int64_t> judged{0}, top1{0}, top5{0};
  std::vector<Misjudged> misjudged; ///< by index, as the next
  std::vector<Broken> broken;

private:
  struct Buffers {
    std::vector<float> inputs, outputs;
    std::vector<size_t> indices; // of the pictures in `inputs`
  };
  void work(Runner &runner, data::Progress &progress);
  llvm::Error readBatch(int64_t first, int64_t count, Buffers &buffers);
  llvm::Error runBatch(Runner &runner, Buffers &buffers);
  llvm::Error judge(size_t index, llvm::ArrayRef<float> scores);
  void fail(llvm::Error error);

  const JudgingRequest request;
  const InputPort &input;
  const OutputPort &output;
  std::atomic<int64_t> next{0};
  std::atomic<bool> stopped{false};
  std::mutex guard; // of `failure` and the lists
  std::optional<llvm::Error> failure;
};

} // namespace skip::tool

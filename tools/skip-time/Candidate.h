// One candidate: its library, loaded, and what its runs took.
#pragma once

#include "runtime/Runtime.h"
#include "tools/skip-time/Arrays.h"
#include "tools/skip-time/Gpu.h"
#include "tools/tuning/Placements.h"

#include <memory>
#include <string>

namespace skip::timing {

/// What candidates of one problem share on the GPU.
struct Problem {
  explicit Problem(const plan::CudaProblem &key)
      : key(key), arrays(key), input(arrays.input), output(elementsOf(arrays.outputDims)) {}

  const plan::CudaProblem key;
  const Arrays arrays;
  DeviceArray input, output;
};

class Candidate {
public:
  /// Loads the library at `path` for the GPU. Throws where it is not a candidate of the problem.
  Candidate(const std::string &path, const Problem &problem, const Gpu &gpu);
  ~Candidate();
  Candidate(const Candidate &) = delete;
  Candidate &operator=(const Candidate &) = delete;

  /// Runs it once, and throws what is wrong with the result.
  void check(Problem &problem);

  /// Times it with its workspace and its weights in one more place.
  void place(const Problem &problem, Gpu &gpu);

  tuning::Placements cold; ///< with nothing in the second-level cache but what the graph's first steps write
  tuning::Placements warm; ///< as the same graph, just before, left the cache

private:
  struct Api;
  struct Placed;
  std::unique_ptr<Placed> bind(const Problem &problem) const;
  void enqueue(const Placed &placed, const Problem &problem, const Gpu &gpu) const;
  void require(skip_status status) const;
  void checkShapes(const Problem &problem) const;
  void close();

  void *library = nullptr;
  std::unique_ptr<Api> api;
  skip_model *model = nullptr;
  std::unique_ptr<Placed> placed; ///< the last place, kept until there is another
};

} // namespace skip::timing

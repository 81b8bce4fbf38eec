// How a model is trained: what a `train` statement says, as plain data. Knows neither the language nor MLIR.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skip::frontend {

/// The defaults are those of the language; a field that belongs to another kind than the chosen one means nothing.
struct Recipe {
  enum class Loss { CrossEntropy };
  enum class Init { He };
  enum class Optimizer { Sgd };
  enum class DecayOn { All, Filters };
  enum class Rate { Steps, Cosine, Plateau };
  enum class WarmUp { None, Linear, UntilError };
  enum class Augment { None, Crop, Resize };
  enum class Colour { None, Pca };

  std::string output;              ///< the name of the output that the loss is of
  int64_t classes = 0;             ///< its length
  int64_t height = 0, width = 0;   ///< of the model's input, in pixels
  int64_t channels = 0;            ///< of the model's input
  std::vector<std::string> freeze; ///< label prefixes of what keeps its values: `layer1` freezes `layer1.0.conv1.weight`

  Loss loss = Loss::CrossEntropy;
  double smoothing = 0; ///< each target is 1 - smoothing, and smoothing / classes is added everywhere

  Init init = Init::He;

  int64_t batch = 0;  ///< pictures of one step
  int64_t groups = 1; ///< batch norm's statistics are over batch / groups pictures

  Optimizer optimizer = Optimizer::Sgd;
  double momentum = 0.9;
  bool nesterov = false;
  double decay = 0;
  DecayOn decayOn = DecayOn::All; ///< Filters: weights of convolutions and linear layers only

  /// The learning rate. See LearningRate.h.
  struct Schedule {
    Rate kind = Rate::Steps;
    double start = 0;
    double factor = 0.1;     ///< Steps, Plateau: each drop multiplies the rate by it
    std::vector<int64_t> at; ///< Steps: the steps from which on the rate is lower
    double end = 0;          ///< Cosine: the rate after the last step
    int64_t every = 5000;    ///< Plateau: steps between two looks at the error
    int64_t patience = 5;    ///< Plateau: looks without a better error before a drop
    double betterBy = 0.001; ///< Plateau: how much lower an error must be to be better

    bool operator==(const Schedule &) const = default;
  } rate;

  struct WarmingUp {
    WarmUp kind = WarmUp::None;
    int64_t steps = 0;  ///< Linear
    double from = 0;    ///< Linear: the rate that the first step starts above of
    double rate = 0;    ///< UntilError
    double below = 0;   ///< UntilError: the training error, a share of 1
    int64_t over = 100; ///< UntilError: steps that the error is the mean of

    bool operator==(const WarmingUp &) const = default;
  } warmUp;

  int64_t length = 0;  ///< steps
  int64_t holdOut = 0; ///< pictures of the training set that are kept for validation
  bool shuffle = true; ///< else pictures come in the file's order

  struct Augmenting {
    Augment kind = Augment::None;
    int64_t pad = 4;          ///< Crop: black pixels on each side
    int64_t from = 0, to = 0; ///< Resize: the shorter side is drawn from these, both included

    bool operator==(const Augmenting &) const = default;
  } augment;
  bool flip = false; ///< half of the pictures are mirrored
  Colour colour = Colour::None;
  double deviation = 0.1; ///< Pca: of the draws that are multiplied by the eigenvalues

  bool operator==(const Recipe &) const = default;
};

} // namespace skip::frontend

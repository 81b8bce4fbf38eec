// Pictures as training sees them: drawn crops, mirrors and colours.
#pragma once

#include "tools/data/Draws.h"
#include "tools/data/Fit.h"

namespace skip::data {

/// How pictures become a model's input in training. Crops and mirrors are all equally likely.
struct Augmentation {
  enum class Crop {
    None,   ///< as in inference, by `fit`
    Padded, ///< as in inference, then a drawn crop of the input's size of the picture with `pad` black pixels on each side
    Resized ///< the shorter side scaled to a drawn length, then a drawn crop of the input's size
  };
  Crop crop = Crop::None;
  int pad = 0;          ///< of Padded
  int from = 0, to = 0; ///< of Resized: the lengths, both included, none below the input's size
  bool flip = false;    ///< half of the pictures are mirrored, left to right
  double colour = 0;    ///< deviation of the multiples of colour's principal components; 0 changes no colour
  Fit fit;              ///< the input's size, and what inference does to a picture
  float mean[3] = {0, 0, 0}, std[3] = {1, 1, 1};
};

/// What was drawn for a picture, and where its crop lies in the scaled or padded picture.
struct Drawn {
  int side = 0; ///< of Resized
  int left = 0, top = 0;
  bool mirrored = false;
  double colour[3] = {0, 0, 0}; ///< added to red, green and blue, where 1 is the brightest
};

/// What is drawn for a picture of `width` x `height`: by seed, epoch and index alone.
Drawn draw(const Augmentation &how, int width, int height, uint64_t seed, uint32_t epoch, uint32_t index);

/// Writes the picture's normalised planes, [3, height, width], to `out`. False, with a message, if it cannot have that size.
/// Without any augmentation the bits are those of inference.
bool augment(const Picture &picture, const Augmentation &how, uint64_t seed, uint32_t epoch, uint32_t index, float *out,
             std::string &error);

} // namespace skip::data

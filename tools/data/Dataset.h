// Labelled pictures to evaluate a model on.
#pragma once

#include "tools/data/Picture.h"

#include <memory>

namespace skip::data {

/// A fixed list of pictures, each with the index of its true class. Constant once opened: threads may share it.
class Dataset {
public:
  virtual ~Dataset() = default;
  virtual size_t size() const = 0;
  /// `index` below size().
  virtual uint32_t label(size_t index) const = 0;
  /// How many classes there are, whichever its pictures have; nothing where only their labels tell.
  virtual std::optional<int64_t> classes() const { return std::nullopt; }
  /// Of all pictures alike, or nothing.
  virtual std::optional<int> side() const { return std::nullopt; }
  /// What to call the picture in a message.
  virtual std::string name(size_t index) const = 0;
  /// Reads a picture; nothing, with a message, if it cannot be read.
  virtual std::optional<Picture> picture(size_t index, std::string &error) const = 0;
  /// The same without pixels, where that is less work.
  virtual std::optional<Picture> header(size_t index, std::string &error) const { return picture(index, error); }
};

/// Opens what `path` holds: a folder with CIFAR-10's `test_batch.bin` (or such a file itself), or a folder with
/// `labels.tsv`, whose lines give a picture's file, relative to the folder, and its class index, then anything, separated
/// by tabs (a first line of headings and empty lines are passed over; lines may end in CR LF). Labels and lengths are checked
/// here, pictures when they are read.
std::unique_ptr<Dataset> openDataset(const std::string &path, std::string &error);

} // namespace skip::data

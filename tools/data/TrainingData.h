// Pictures to train on, and pictures to validate on.
#pragma once

#include "tools/data/Dataset.h"

namespace skip::data {

struct TrainingData {
  std::unique_ptr<Dataset> training;
  std::unique_ptr<Dataset> validation; ///< null if the path has none of its own
  std::vector<std::string> classes;    ///< the names of the subfolders; empty where labels are numbers
};

/// Opens what `path` holds:
///  - a folder with CIFAR-10's `data_batch_1.bin` to `data_batch_5.bin`, all five, and maybe `test_batch.bin` to validate on;
///  - a file such as these;
///  - a folder of pictures: with `labels.tsv` (see openDataset), or with a subfolder for each class, which are numbered in the
///    order of their names. If it has a folder `train`, that is the folder of pictures. A folder `val` beside `train` is what
///    to validate on; its subfolders are classes of `train`, maybe not all.
/// Nothing, with a message, for anything else. Labels are checked here, pictures when they are read.
std::optional<TrainingData> openTrainingData(const std::string &path, std::string &error);

/// True if all labels are below `classes` and there are at least two; else a message names the first picture that is wrong.
bool checkLabels(const Dataset &dataset, uint32_t classes, std::string &error);

} // namespace skip::data

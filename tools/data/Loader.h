// Batches of a data set, made by threads ahead of time and handed out in order.
#pragma once

#include "tools/data/Augment.h"
#include "tools/data/Dataset.h"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

namespace skip::data {

struct Batch {
  std::vector<float> pixels;     ///< [pictures, 3, height, width]
  std::vector<int32_t> labels;   ///< as many as pictures
  std::vector<uint32_t> indices; ///< of the pictures in the data set
};

struct LoaderOptions {
  std::vector<uint32_t> indices; ///< of the pictures of the data set that are taken, at least one
  Augmentation augmentation;
  size_t batch = 1;
  uint64_t seed = 0;
  bool shuffle = false;    ///< anew for each epoch; else in the order of `indices`
  bool once = false;       ///< ends after one epoch, with what is left in the last batch; else goes on and on
  uint64_t firstBatch = 0; ///< to resume: batches before this one are passed over, at no cost
  unsigned threads = 1;    ///< 0: next() does the work
  unsigned ahead = 4;      ///< batches that are held, those in work included
};

/// A picture that could not be used.
struct BadPicture {
  uint32_t index;
  std::string error; ///< names the file
};

/// The pictures of all epochs are one row, of which batch b has those from b * batch on: in each epoch every picture once. So
/// a batch may have the end of one epoch and the beginning of the next. What a batch holds depends on the options and on the
/// files alone, not on the number of threads or on the time.
///
/// A picture that cannot be used is left out, and the next one of its epoch that can be takes its place. With `once` none does,
/// since each is there to be counted once: its batch is smaller.
class Loader {
public:
  /// `dataset` must live longer.
  Loader(const Dataset &dataset, LoaderOptions options);
  /// Stops the threads, which finish the pictures they are at.
  ~Loader();
  Loader(const Loader &) = delete;

  /// Waits for the next batch, which has a picture. False at the end of `once`, with `error` empty, or where no picture can be
  /// used at all. What `batch` held is used for a later one.
  bool next(Batch &batch, std::string &error);

  /// The pictures found so far that cannot be used, each once, in no particular order.
  std::vector<BadPicture> badPictures();

private:
  struct Slot {
    Batch batch;
    size_t made = 0;
  };
  using Order = std::shared_ptr<const std::vector<uint32_t>>;

  void work();
  bool mayMake() const;
  void makeOne(std::unique_lock<std::mutex> &lock);
  void make(uint64_t position, Batch &batch, size_t place);
  bool use(uint32_t index, uint32_t epoch, Batch &batch, size_t place);
  Order orderOf(uint32_t epoch);
  bool takeSlot(Batch &batch, std::string &error);
  void dropUnused(Batch &batch) const;
  std::string noneUsable();
  uint64_t batchEnd(uint64_t number) const;
  void fail(std::string why);
  Slot &slotOf(uint64_t number) { return slots[number % slots.size()]; }

  const Dataset &dataset;
  const LoaderOptions options;
  const size_t pictureFloats;
  const uint64_t end; ///< of the row of pictures

  std::mutex mutex; ///< guards what is below
  std::condition_variable madeOne, tookOne;
  std::vector<Slot> slots;
  uint64_t taken;  ///< the batch that next() takes next
  uint64_t cursor; ///< the picture of the row that is given to a thread next
  std::map<uint32_t, Order> orders;
  std::map<uint32_t, std::string> bad;
  std::string failure;
  bool stopping = false, gaveSome = false;
  std::vector<std::thread> threads;
};

} // namespace skip::data

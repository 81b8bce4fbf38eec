// Threads take single pictures of the row, so that a batch is made by all of them; a ring of slots holds the batches that are
// made ahead. A slot's vectors are filled without the mutex: each picture has its own place, and the slot is not handed out
// before all of them are counted.
#include "tools/data/Loader.h"

#include "support/Printable.h"
#include "tools/data/Order.h"

#include <algorithm>
#include <limits>
#include <system_error>

namespace skip::data {

/// In the place of a picture that cannot be used.
static constexpr uint32_t unused = std::numeric_limits<uint32_t>::max();

Loader::Loader(const Dataset &dataset, LoaderOptions given)
    : dataset(dataset), options(std::move(given)),
      pictureFloats(size_t{3} * static_cast<size_t>(options.augmentation.fit.height) *
                    static_cast<size_t>(options.augmentation.fit.width)),
      end(options.once ? options.indices.size() : std::numeric_limits<uint64_t>::max()), slots(std::max(1u, options.ahead)),
      taken(options.firstBatch), cursor(options.firstBatch * options.batch) {
  try {
    while (threads.size() < options.threads)
      threads.emplace_back([this] { work(); });
  } catch (const std::system_error &) {
    // Fewer threads do the same work; without any, next() does it.
  }
}

Loader::~Loader() {
  {
    std::lock_guard lock(mutex);
    stopping = true;
  }
  tookOne.notify_all();
  for (std::thread &thread : threads)
    thread.join();
}

uint64_t Loader::batchEnd(uint64_t number) const { return std::min(end, (number + 1) * options.batch); }

void Loader::fail(std::string why) {
  std::lock_guard lock(mutex);
  if (failure.empty())
    failure = std::move(why);
  stopping = true;
  madeOne.notify_all();
  tookOne.notify_all();
}

void Loader::work() {
  std::unique_lock lock(mutex);
  while (true) {
    tookOne.wait(lock, [&] { return stopping || cursor >= end || mayMake(); });
    if (stopping || cursor >= end)
      return;
    makeOne(lock);
  }
}

bool Loader::mayMake() const { return cursor < end && cursor / options.batch < taken + slots.size(); }

/// Makes the picture at the cursor, without the lock, which it holds before and after.
void Loader::makeOne(std::unique_lock<std::mutex> &lock) {
  uint64_t position = cursor++, number = position / options.batch;
  Slot &slot = slotOf(number);
  auto place = static_cast<size_t>(position % options.batch);
  try {
    if (place == 0) {
      auto pictures = static_cast<size_t>(batchEnd(number) - position);
      slot.batch.pixels.resize(pictures * pictureFloats);
      slot.batch.labels.resize(pictures);
      slot.batch.indices.resize(pictures);
    }
    lock.unlock();
    make(position, slot.batch, place);
    lock.lock();
  } catch (const std::exception &exception) {
    if (lock.owns_lock())
      lock.unlock();
    fail("cannot make a batch of " + std::to_string(options.batch) + " pictures: " + exception.what());
    lock.lock();
  }
  if (++slot.made == slot.batch.labels.size())
    madeOne.notify_all();
}

Loader::Order Loader::orderOf(uint32_t epoch) {
  if (!options.shuffle)
    return nullptr;
  std::lock_guard lock(mutex);
  Order &order = orders[epoch];
  if (!order)
    order =
        std::make_shared<std::vector<uint32_t>>(shuffled(static_cast<uint32_t>(options.indices.size()), options.seed, epoch));
  Order result = order;
  while (orders.size() > 2 && orders.begin()->first < epoch)
    orders.erase(orders.begin());
  return result;
}

/// The picture at `position` of the row, or the next of its epoch that can be used, or with `once` none.
void Loader::make(uint64_t position, Batch &batch, size_t place) {
  size_t count = options.indices.size(), within = static_cast<size_t>(position % count);
  auto epoch = static_cast<uint32_t>(position / count);
  Order order = orderOf(epoch);
  batch.indices[place] = unused;
  for (size_t tried = 0; tried < (options.once ? 1 : count); ++tried, within = (within + 1) % count)
    if (use(options.indices[order ? (*order)[within] : within], epoch, batch, place))
      return;
  if (!options.once)
    fail(noneUsable());
}

std::string Loader::noneUsable() {
  std::lock_guard lock(mutex);
  return "none of the " + std::to_string(options.indices.size()) + " pictures can be used; the first: " + bad.begin()->second;
}

bool Loader::use(uint32_t index, uint32_t epoch, Batch &batch, size_t place) {
  {
    std::lock_guard lock(mutex);
    if (bad.contains(index))
      return false;
  }
  std::string error;
  std::optional<Picture> picture = dataset.picture(index, error);
  float *out = batch.pixels.data() + place * pictureFloats;
  if (picture && augment(*picture, options.augmentation, options.seed, epoch, index, out, error)) {
    batch.labels[place] = static_cast<int32_t>(dataset.label(index));
    batch.indices[place] = index;
    return true;
  }
  if (picture)
    error = quotedName(dataset.name(index)) + ": " + error;
  std::lock_guard lock(mutex);
  bad.emplace(index, std::move(error));
  return false;
}

/// Without the places of pictures that cannot be used.
void Loader::dropUnused(Batch &batch) const {
  size_t kept = 0;
  for (size_t place = 0; place < batch.indices.size(); ++place) {
    if (batch.indices[place] == unused)
      continue;
    if (kept != place) {
      batch.indices[kept] = batch.indices[place];
      batch.labels[kept] = batch.labels[place];
      std::copy_n(batch.pixels.data() + place * pictureFloats, pictureFloats, batch.pixels.data() + kept * pictureFloats);
    }
    ++kept;
  }
  batch.indices.resize(kept);
  batch.labels.resize(kept);
  batch.pixels.resize(kept * pictureFloats);
}

/// The next batch as it was made; false at the end, or with an error.
bool Loader::takeSlot(Batch &batch, std::string &error) {
  if (taken * options.batch >= end)
    return false;
  std::unique_lock lock(mutex);
  Slot &slot = slotOf(taken);
  size_t wanted = static_cast<size_t>(batchEnd(taken) - taken * options.batch);
  while (threads.empty() && failure.empty() && slot.made < wanted)
    makeOne(lock);
  madeOne.wait(lock, [&] { return !failure.empty() || slot.made == wanted; });
  if (!failure.empty()) {
    error = failure;
    return false;
  }
  std::swap(batch, slot.batch);
  slot.made = 0;
  ++taken;
  lock.unlock();
  tookOne.notify_all();
  return true;
}

bool Loader::next(Batch &batch, std::string &error) {
  error.clear();
  while (takeSlot(batch, error)) {
    dropUnused(batch);
    if (batch.indices.empty())
      continue;
    gaveSome = true;
    return true;
  }
  if (error.empty() && !gaveSome && options.firstBatch == 0)
    error = noneUsable();
  return false;
}

std::vector<BadPicture> Loader::badPictures() {
  std::lock_guard lock(mutex);
  std::vector<BadPicture> list;
  for (const auto &[index, error] : bad)
    list.push_back({index, error});
  return list;
}

} // namespace skip::data

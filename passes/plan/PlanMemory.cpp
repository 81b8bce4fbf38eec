// Stretches of bytes in a map. What is written cuts what it covers out of the stretches that were there, and joins a neighbour
// of the same content, so that the images of a batch that are written turn by turn are one stretch in the end.
#include "passes/plan/PlanMemory.h"

using namespace skip::plan;

void PlanMemory::write(const Place &place, const Content &content) {
  Array &array = arrays[{place.segment, place.index}];
  auto at = array.lower_bound(place.begin);
  if (at != array.begin() && std::prev(at)->second.end > place.begin)
    --at;
  while (at != array.end() && at->first < place.end) {
    auto [begin, old] = *at;
    at = array.erase(at);
    if (begin < place.begin)
      array.emplace(begin, Stretch{place.begin, old.content});
    if (old.end > place.end)
      at = array.emplace(place.end, old).first;
  }
  auto [written, isNew] = array.emplace(place.begin, Stretch{place.end, content});
  if (written == array.begin())
    return;
  auto before = std::prev(written);
  if (before->second.end == place.begin && before->second.content == content) {
    before->second.end = place.end;
    array.erase(written);
  }
}

bool PlanMemory::holds(const Place &place, const Content &content, std::optional<Content> &found) const {
  found = std::nullopt;
  auto array = arrays.find({place.segment, place.index});
  if (array == arrays.end())
    return false;
  int64_t byte = place.begin;
  auto at = array->second.upper_bound(byte);
  if (at == array->second.begin())
    return false;
  for (--at; byte < place.end; ++at) {
    if (at == array->second.end() || at->first > byte || at->second.end <= byte)
      return false;
    if (!(at->second.content == content)) {
      found = at->second.content;
      return false;
    }
    byte = at->second.end;
  }
  return true;
}

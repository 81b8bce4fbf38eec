// What lies in memory while a plan runs, byte for byte.
#pragma once

#include "ir/plan/Plan.h"

#include <map>

namespace skip::plan {

/// Some images of a tensor, in one layout, and where image 0 of the batch lies or would lie, in bytes: the same image of the
/// same tensor at another place, or of another turn, is other content.
struct Content {
  mlir::Value tensor;
  LayoutAttr layout;
  int64_t imageZero = 0;

  bool operator==(const Content &) const = default;
};

/// The bytes [begin, end) of one array: the workspace, or one of the inputs and outputs.
struct Place {
  Segment segment;
  int64_t index, begin, end;

  bool overlaps(const Place &other) const {
    return segment == other.segment && index == other.index && begin < other.end && other.begin < end;
  }
};

class PlanMemory {
public:
  void write(const Place &place, const Content &content);

  /// Whether every byte of the place holds `content`; else `found` is the first other content there, or nothing where that byte
  /// was never written.
  bool holds(const Place &place, const Content &content, std::optional<Content> &found) const;

private:
  struct Stretch {
    int64_t end;
    Content content;
  };
  using Array = std::map<int64_t, Stretch>; // by first byte, without overlaps
  std::map<std::pair<Segment, int64_t>, Array> arrays;
};

} // namespace skip::plan

// The reader of tuning exports on any bytes: it ends with a text or with measurements that are legal, and what it took writes
// and reads back the same.
#include "tests/fuzz/Reading.h"
#include "tools/tuning/Export.h"

using namespace skip;
using skip::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  tuning::Ignored ignored;
  llvm::Expected<std::vector<tuning::Measurement>> read = tuning::importText(fuzz::textOf(data, size), "input", ignored);
  if (!fuzz::isRead(read))
    return 0;
  for (const tuning::Measurement &m : *read) {
    require(tuning::parse(tuning::textOf(m)) == m, "what is taken is legal");
    require(m.nanoseconds >= 1 && m.threads >= 1 && m.runs >= 1, "numbers are of their ranges");
  }
  std::string written = tuning::exportText(*read);
  tuning::Ignored none;
  llvm::Expected<std::vector<tuning::Measurement>> again = tuning::importText(written, "output", none);
  require(bool(again) && none.count == 0, "what was written reads back");
  require(tuning::exportText(*again) == written, "and gives the same text");
  return 0;
}

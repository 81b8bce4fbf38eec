// Aligned columns of text.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace skip::tool {

class Table {
public:
  enum class Align { left, right };
  struct Column {
    std::string heading;
    Align align = Align::left;
    bool onlyWide = false; ///< left out of a table that would not fit otherwise
    bool wraps = false;    ///< of the last column: its long texts go on below, where others are cut
  };

  explicit Table(std::vector<Column> columns) : columns(std::move(columns)) {}
  /// `cells` has as many entries as there are columns. Cells may hold any bytes: what cannot be shown is escaped.
  void add(std::vector<std::string> cells);
  /// In at most `width` columns: without those that are only for wide tables, and then with the longest texts cut, `abc...`, or
  /// broken at blanks. No number is cut.
  void print(llvm::raw_ostream &os, size_t width = everything) const;

  static constexpr size_t everything = ~size_t(0);

private:
  void printRow(llvm::raw_ostream &os, std::vector<std::string> cells, const std::vector<size_t> &widths) const;
  std::vector<size_t> widthsFor(size_t width) const;

  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

} // namespace skip::tool

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
  };

  explicit Table(std::vector<Column> columns) : columns(std::move(columns)) {}
  /// `cells` has as many entries as there are columns. Cells may hold any bytes: what cannot be shown is escaped.
  void add(std::vector<std::string> cells);
  void print(llvm::raw_ostream &os) const;

private:
  void printRow(llvm::raw_ostream &os, const std::vector<std::string> &cells, const std::vector<size_t> &widths) const;

  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

/// "11,689,512".
std::string withSeparators(int64_t number);

/// `value` with `digits` behind the point.
std::string fixed(double value, int digits);

/// `1.67e-05`.
std::string scientific(double value);

/// "64 x 112 x 112" from [?, 64, 112, 112].
std::string sizeText(llvm::ArrayRef<int64_t> shapeWithBatch);

} // namespace skip::tool

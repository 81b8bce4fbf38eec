// Aligned columns of text.
#include "tools/text/Table.h"

#include "support/Printable.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Unicode.h"

#include <algorithm>

using namespace skip::tool;

void Table::add(std::vector<std::string> cells) {
  for (std::string &cell : cells)
    cell = printable(cell);
  rows.push_back(std::move(cells));
}

/// On a terminal, where a character of several bytes takes one column or two.
static size_t widthOf(const std::string &cell) {
  return static_cast<size_t>(std::max(0, llvm::sys::unicode::columnWidthUTF8(cell)));
}

void Table::printRow(llvm::raw_ostream &os, const std::vector<std::string> &cells, const std::vector<size_t> &widths) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    std::string padding(widths[i] - widthOf(cells[i]), ' ');
    line += (i ? "  " : "") + (columns[i].align == Align::right ? padding + cells[i] : cells[i] + padding);
  }
  os << llvm::StringRef(line).rtrim(' ') << "\n";
}

void Table::print(llvm::raw_ostream &os) const {
  std::vector<std::string> headings;
  std::vector<size_t> widths;
  for (const Column &column : columns) {
    headings.push_back(column.heading);
    widths.push_back(column.heading.size());
  }
  for (const std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], widthOf(row[i]));
  printRow(os, headings, widths);
  for (const std::vector<std::string> &row : rows)
    printRow(os, row, widths);
}

std::string skip::tool::withSeparators(int64_t number) {
  std::string digits = std::to_string(number);
  for (ptrdiff_t at = static_cast<ptrdiff_t>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string skip::tool::fixed(double value, int digits) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.*f", digits, value);
  return text;
}

std::string skip::tool::scientific(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.2e", value);
  return text;
}

std::string skip::tool::sizeText(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t dim : shape.drop_front())
    text += (text.empty() ? "" : " x ") + std::to_string(dim);
  return text;
}

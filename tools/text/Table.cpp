// Aligned columns of text.
#include "tools/text/Table.h"

#include "support/Printable.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Unicode.h"

#include <algorithm>
#include <tuple>

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

/// The first of the characters, each whole, with `...` behind them where it is longer.
static std::string cut(const std::string &cell, size_t width) {
  if (widthOf(cell) <= width)
    return cell;
  size_t end = 0, next = 0;
  while (next < cell.size()) {
    next += llvm::getNumBytesForUTF8(static_cast<llvm::UTF8>(cell[next]));
    if (widthOf(cell.substr(0, next)) + 3 > width)
      break;
    end = next;
  }
  return cell.substr(0, end) + "...";
}

/// The words that fit, at least one, and those behind them.
static std::pair<std::string, std::string> split(const std::string &cell, size_t width) {
  size_t end = cell.find(' ');
  for (size_t next = end; next != std::string::npos && widthOf(cell.substr(0, next)) <= width; next = cell.find(' ', next + 1))
    end = next;
  return end == std::string::npos ? std::pair(cell, std::string()) : std::pair(cell.substr(0, end), cell.substr(end + 1));
}

void Table::printRow(llvm::raw_ostream &os, std::vector<std::string> cells, const std::vector<size_t> &widths) const {
  std::string line, below;
  if (columns.back().wraps && widthOf(cells.back()) > widths.back())
    std::tie(cells.back(), below) = split(cells.back(), widths.back());
  for (size_t i = 0; i < cells.size(); ++i) {
    if (widths[i] == 0)
      continue;
    std::string cell = cut(cells[i], widths[i]), padding(widths[i] - widthOf(cell), ' ');
    line += (line.empty() ? "" : "  ") + (columns[i].align == Align::right ? padding + cell : cell + padding);
  }
  os << llvm::StringRef(line).rtrim(' ') << "\n";
  if (below.empty())
    return;
  std::vector<std::string> next(cells.size());
  next.back() = std::move(below);
  printRow(os, std::move(next), widths);
}

/// 0: the column is left out.
std::vector<size_t> Table::widthsFor(size_t width) const {
  constexpr size_t least = 10; // what a text is cut to
  std::vector<size_t> widths;
  for (const Column &column : columns)
    widths.push_back(column.heading.size());
  for (const std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], widthOf(row[i]));
  auto total = [&] {
    size_t sum = 0;
    for (size_t each : widths)
      sum += each ? each + 2 : 0;
    return sum - 2;
  };
  if (total() > width)
    for (size_t i = 0; i < widths.size(); ++i)
      widths[i] = columns[i].onlyWide ? 0 : widths[i];
  while (total() > width) {
    size_t longest = 0, at = 0;
    for (size_t i = 0; i < widths.size(); ++i)
      if (columns[i].align == Align::left && widths[i] > longest)
        longest = widths[at = i];
    if (longest <= least)
      break;
    --widths[at];
  }
  return widths;
}

void Table::print(llvm::raw_ostream &os, size_t width) const {
  std::vector<std::string> headings;
  for (const Column &column : columns)
    headings.push_back(column.heading);
  std::vector<size_t> widths = widthsFor(width);
  printRow(os, headings, widths);
  for (const std::vector<std::string> &row : rows)
    printRow(os, row, widths);
}

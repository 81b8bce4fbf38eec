// Runs every spec under tests/frontend/errors and compares all its errors, or its warnings, with what the file says at its end:
//
//   //! E0403 at 5:14-15: both sides of `+` must have one shape, not [3, 8, 8] and [4, 8, 8]
//   //!   note at 4:7-22: the right side is made here: [4, 8, 8]
//   //!   fix at 3:5-8: `relu`
//
// A place is line:column, the last column after `-`; other files have their name in front, and `nowhere` is no place. A first
// line such as `//> -D depth=21 --model m --limit nesting=8` gives the options. A file's name starts with the code that it is
// about. To write the expectations anew, run the test with SKIP_WRITE_EXPECTATIONS=1, and read what it wrote.
#include "tests/unit/frontend/Spec.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace skip::frontend;
using namespace skip::frontend::test;

static std::string errorsFolder() { return sourceFolder() + "/tests/frontend/errors"; }

static std::vector<std::string> errorTests() {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(errorsFolder()))
    if (entry.path().extension() == ".skip")
      names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

static std::string readText(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  REQUIRE(buffer);
  return (*buffer)->getBuffer().str();
}

static void setLimit(Limits &limits, llvm::StringRef name, unsigned value) {
  if (name == "files")
    limits.files = value;
  else if (name == "nesting")
    limits.nesting = value;
  else if (name == "callDepth")
    limits.callDepth = value;
  else if (name == "parameters")
    limits.parameters = value;
  else if (name == "operations")
    limits.operations = value;
  else if (name == "steps")
    limits.steps = value;
  else if (name == "nameLength")
    limits.nameLength = value;
  else
    FAIL("no limit is named " << name.str());
}

/// The request that the file's first line asks for.
static GraphRequest requestOf(const std::string &path, llvm::StringRef text) {
  GraphRequest request{path, {}, {}, {}};
  llvm::StringRef line = text.split('\n').first;
  if (!line.consume_front("//>"))
    return request;
  llvm::SmallVector<llvm::StringRef> words;
  llvm::SplitString(line, words);
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    auto [name, value] = words[i + 1].split('=');
    if (words[i] == "-D")
      request.defines.push_back({name.str(), value.str()});
    else if (words[i] == "--model")
      request.model = name.str();
    else if (words[i] == "--limit")
      setLimit(request.limits, name, std::stoi(value.str()));
    else
      FAIL("no option " << words[i].str());
  }
  return request;
}

static std::string placeText(const Sources &sources, llvm::SMRange range, const std::string &mainFile) {
  if (!range.isValid())
    return "nowhere";
  SourcePosition start = sources.position(range.Start), end = sources.position(range.End);
  std::string text;
  if (start.path != mainFile)
    text = llvm::sys::path::filename(start.path).str() + ":";
  text += std::to_string(start.line) + ":" + std::to_string(start.column);
  if (end.line != start.line)
    return text + "-" + std::to_string(end.line) + ":" + std::to_string(end.column - 1);
  return end.column > start.column + 1 ? text + "-" + std::to_string(end.column - 1) : text;
}

static std::string expectationLines(const Spec &spec, const std::string &path) {
  std::string folder = errorsFolder() + "/", lines;
  for (const Diagnostic *shown : spec.diagnostics.inOrder()) {
    const Diagnostic &error = *shown;
    auto at = [&](llvm::SMRange range) { return range.isValid() ? "at " + placeText(spec.sources, range, path) : "nowhere"; };
    lines += "//! " + error.info().code.str() + " " + at(error.range) + ": " + error.message + "\n";
    for (const Note &note : error.notes)
      lines += "//!   note " + at(note.range) + ": " + note.text + "\n";
    for (const llvm::SMFixIt &fix : error.fixIts)
      lines += "//!   fix " + at(fix.getRange()) + ": `" + fix.getText().str() + "`\n";
  }
  for (size_t at; (at = lines.find(folder)) != std::string::npos;)
    lines.erase(at, folder.size());
  return lines;
}

static std::pair<std::string, std::string> splitExpectations(const std::string &text) {
  size_t before = text.find("\n//! "), at = before == std::string::npos ? text.size() : before + 1;
  return {text.substr(0, at), text.substr(at)};
}

TEST_CASE("each spec in tests/frontend/errors gives the errors that it states") {
  for (const std::string &name : errorTests()) {
    INFO(name);
    std::string path = errorsFolder() + "/" + name, text = readText(path);
    auto [spec, expected] = splitExpectations(text);
    Spec result(requestOf(path, spec), spec);
    CHECK(bool(result.module) == (name.front() == 'W'));
    std::string actual = expectationLines(result, path);
    if (std::getenv("SKIP_WRITE_EXPECTATIONS")) {
      std::ofstream(path, std::ios::binary) << spec << actual;
      continue;
    }
    CHECK(actual == expected);
    CHECK(llvm::is_contained(result.codes(), name.substr(0, 5)));
    CHECK_FALSE(result.rendered().empty());
  }
}

TEST_CASE("every registered error has a spec that provokes it") {
  std::set<std::string> provoked;
  for (const std::string &name : errorTests())
    provoked.insert(name.substr(0, 5));
  for (const DiagnosticInfo &info : allDiagnostics()) {
    INFO(info.code.str());
    CHECK(provoked.count(info.code.str()) == 1);
    CHECK_FALSE(info.explanation.empty());
  }
}

TEST_CASE("codes are in order, and each is there once") {
  llvm::ArrayRef<DiagnosticInfo> all = allDiagnostics();
  for (size_t i = 1; i < all.size(); ++i)
    CHECK(all[i - 1].code.str() < all[i].code.str());
}

TEST_CASE("an error is shown with its place, line, range, notes and fix-it") {
  Spec spec("block b(x) {\n  y = x |> c: conv(4, 3)\n  return x + y\n}\n"
            "model m {\n  input x[3, 8, 8]\n  output y = x |> a: b |> rleu\n}\n");
  CHECK(spec.rendered() == R"(test.skip:3:12: error: both sides of `+` must have one shape, not [3, 8, 8] and [4, 8, 8] [E0403]
  return x + y
           ^
test.skip:6:9: note: the left side is made here: [3, 8, 8]
  input x[3, 8, 8]
        ^
test.skip:2:12: note: the right side is made here: [4, 8, 8]
  y = x |> c: conv(4, 3)
           ^~~~~~~~~~~~~
test.skip:7:19: note: in `m > a`, used here
  output y = x |> a: b |> rleu
                  ^~~~
test.skip:7:27: error: no operation or block is named `rleu`; did you mean `relu`? [E0202]
  output y = x |> a: b |> rleu
                          ^~~~
                          relu
)");
}

TEST_CASE("colours are for streams that show them") {
  struct Terminal : llvm::raw_string_ostream {
    explicit Terminal(std::string &text) : llvm::raw_string_ostream(text) { enable_colors(true); }
    bool is_displayed() const override { return true; }
    bool has_colors() const override { return true; }
  };
  Spec spec("model m {\n  input x[3, 8, 8]\n}\n");
  std::string coloured, plain;
  Terminal first(coloured), second(plain);
  spec.diagnostics.print(first, /*colours=*/true);
  spec.diagnostics.print(second, /*colours=*/false);
  CHECK(coloured.find("\x1b[") != std::string::npos);
  CHECK(plain == spec.rendered());
}

TEST_CASE("of a very long line only the part around the error is shown") {
  std::string line = "param p = 1";
  for (int i = 0; i < 1000; ++i)
    line += " + 1";
  Spec spec(line + " + nothing" + line.substr(11));
  std::string rendered = spec.rendered();
  CHECK(rendered.size() < 1000);
  CHECK_THAT(rendered, Catch::StartsWith("test.skip:1:4015: error: no value is named `nothing` here [E0201]\n"));
  std::vector<std::string> lines;
  for (llvm::StringRef rest = rendered; !rest.empty(); rest = rest.split('\n').second)
    lines.push_back(rest.split('\n').first.str());
  REQUIRE(lines.size() >= 3);
  CHECK(lines[1].find("nothing") == lines[2].find("^~~~~~~"));
}

// Opening and finding texts.
#include "frontend/Source.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace skip::frontend;

static std::string withoutDots(llvm::StringRef path) {
  llvm::SmallString<128> clean(path);
  llvm::sys::path::remove_dots(clean, /*remove_dot_dot=*/true);
  return clean.str().str();
}

static std::string identityOf(llvm::StringRef path) {
  llvm::SmallString<128> real;
  return llvm::sys::fs::real_path(path, real) ? path.str() : real.str().str();
}

static std::string tooLarge(uint64_t limitBytes) { return ("it is larger than " + llvm::Twine(limitBytes) + " bytes").str(); }

void Sources::addText(llvm::StringRef path, llvm::StringRef text) { texts[withoutDots(path)] = text.str(); }

unsigned Sources::add(std::unique_ptr<llvm::MemoryBuffer> buffer) {
  std::vector<const char *> starts{buffer->getBufferStart()};
  for (const char *at = buffer->getBufferStart(); at != buffer->getBufferEnd(); ++at)
    if (*at == '\n')
      starts.push_back(at + 1);
  lineStarts.push_back(std::move(starts));
  return manager.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
}

std::optional<SourceFile> Sources::open(llvm::StringRef path, uint64_t limitBytes, std::string &why) {
  std::string clean = withoutDots(path);
  auto memory = texts.find(clean);
  if (memory != texts.end()) {
    if (memory->second.size() > limitBytes) {
      why = tooLarge(limitBytes);
      return std::nullopt;
    }
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(memory->second, path);
    return SourceFile{add(std::move(buffer)), path.str(), clean};
  }

  llvm::sys::fs::file_status status;
  if (!diskAllowed) {
    why = "no such text";
    return std::nullopt;
  }
  if (std::error_code error = llvm::sys::fs::status(path, status)) {
    why = error.message();
    return std::nullopt;
  }
  // Devices and pipes may never end, and a folder is no text.
  if (!llvm::sys::fs::is_regular_file(status)) {
    why = "it is not a regular file";
    return std::nullopt;
  }
  if (status.getSize() > limitBytes) {
    why = tooLarge(limitBytes);
    return std::nullopt;
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/true, /*IsVolatile=*/true);
  if (!buffer) {
    why = buffer.getError().message();
    return std::nullopt;
  }
  return SourceFile{add(std::move(*buffer)), path.str(), identityOf(path)};
}

bool Sources::exists(llvm::StringRef path) const {
  return texts.contains(withoutDots(path)) || (diskAllowed && llvm::sys::fs::exists(path));
}

std::optional<std::string> Sources::findImport(llvm::StringRef wanted, llvm::StringRef importer) const {
  if (wanted.empty() || wanted.contains('\0'))
    return std::nullopt;
  if (llvm::sys::path::is_absolute(wanted))
    return exists(wanted) ? std::optional<std::string>(wanted.str()) : std::nullopt;
  llvm::SmallString<128> beside(llvm::sys::path::parent_path(importer));
  llvm::sys::path::append(beside, wanted);
  if (std::string clean = withoutDots(beside); exists(clean))
    return clean;
  for (llvm::StringRef folder : importPaths) {
    llvm::SmallString<128> candidate(folder);
    llvm::sys::path::append(candidate, wanted);
    if (std::string clean = withoutDots(candidate); exists(clean))
      return clean;
  }
  return std::nullopt;
}

llvm::SMRange Sources::addSnippet(llvm::StringRef title, llvm::StringRef text) {
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(text, title);
  const char *begin = buffer->getBufferStart();
  add(std::move(buffer));
  return {llvm::SMLoc::getFromPointer(begin), llvm::SMLoc::getFromPointer(begin + text.size())};
}

SourcePosition Sources::position(llvm::SMLoc loc) const {
  unsigned buffer = loc.isValid() ? manager.FindBufferContainingLoc(loc) : 0;
  if (!buffer)
    return {"", 1, 1};
  const std::vector<const char *> &starts = lineStarts[buffer - 1];
  auto after = llvm::upper_bound(starts, loc.getPointer());
  return {manager.getMemoryBuffer(buffer)->getBufferIdentifier(), static_cast<unsigned>(after - starts.begin()),
          static_cast<unsigned>(loc.getPointer() - *std::prev(after)) + 1};
}

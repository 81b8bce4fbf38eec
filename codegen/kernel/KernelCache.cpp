// A file has a line that names the format, a hash of the key and of what follows, the bytes of stack, and the code. It is not
// flushed to the disk: what a crash leaves of it, the hash tells.
#include "codegen/kernel/KernelCache.h"

#include "support/AtomicFile.h"
#include "support/BuildIds.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"

#include <chrono>
#include <unistd.h>

using namespace skip;
using codegen::CompiledKernel;
using codegen::KernelCache;
namespace fs = llvm::sys::fs;

static constexpr llvm::StringLiteral kFormat = "skip-kernel 1\n";
static constexpr llvm::StringLiteral kPrefix = "llvmcache-"; // of the files that llvm::pruneCache may remove
static constexpr size_t kHashBytes = 32;

static std::string hashOf(llvm::ArrayRef<llvm::StringRef> texts) {
  llvm::SHA256 hash;
  for (llvm::StringRef text : texts) {
    char size[sizeof(uint64_t)];
    llvm::support::endian::write64le(size, text.size());
    hash.update(llvm::StringRef(size, sizeof size));
    hash.update(text);
  }
  std::array<uint8_t, kHashBytes> bytes = hash.final();
  return {bytes.begin(), bytes.end()};
}

std::string codegen::keptBytes(llvm::StringRef key, const CompiledKernel &kernel) {
  char stack[sizeof(uint64_t)];
  llvm::support::endian::write64le(stack, kernel.stackBytes);
  std::string rest = std::string(stack, sizeof stack) + kernel.code;
  return kFormat.str() + hashOf({key, rest}) + rest;
}

std::optional<CompiledKernel> codegen::readKept(llvm::StringRef key, llvm::StringRef bytes) {
  if (!bytes.consume_front(kFormat) || bytes.size() < kHashBytes + sizeof(uint64_t))
    return std::nullopt;
  llvm::StringRef hash = bytes.take_front(kHashBytes), rest = bytes.drop_front(kHashBytes);
  if (hashOf({key, rest}) != hash)
    return std::nullopt;
  return CompiledKernel{rest.drop_front(sizeof(uint64_t)).str(), llvm::support::endian::read64le(rest.data())};
}

/// Whether another user could have put code there.
static bool isOthers(const std::string &folder) {
  fs::file_status status;
  return !fs::status(folder, status) && status.getUser() != static_cast<uint32_t>(geteuid());
}

KernelCache::KernelCache(std::string path) : folder(std::move(path)) {
  if (!folder.empty())
    compiler = buildIds();
  if (compiler.empty() || isOthers(folder))
    folder.clear();
}

/// All of a module's operations with all of their attributes, whatever their own syntax would leave out.
static std::string textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, mlir::OpPrintingFlags().printGenericOpForm().useLocalScope().assumeVerified());
  return text;
}

static std::optional<CompiledKernel> find(const std::string &path, llvm::StringRef key) {
  llvm::Expected<fs::file_t> file = fs::openNativeFileForRead(path, fs::OF_UpdateAtime);
  if (!file) {
    llvm::consumeError(file.takeError());
    return std::nullopt;
  }
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> bytes =
      llvm::MemoryBuffer::getOpenFile(*file, path, /*FileSize=*/-1, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  fs::closeFile(*file);
  return bytes ? codegen::readKept(key, (*bytes)->getBuffer()) : std::nullopt;
}

static bool keep(const std::string &folder, const std::string &path, const std::string &bytes) {
  std::string ignored;
  AtomicFile file;
  return !fs::create_directories(folder, /*IgnoreExisting=*/true, fs::owner_all) && file.open(path, ignored, 0600) &&
         file.write(bytes.data(), bytes.size(), ignored) && file.rename(ignored);
}

llvm::Expected<CompiledKernel> KernelCache::get(mlir::ModuleOp kernel, llvm::StringRef target,
                                                llvm::function_ref<llvm::Expected<CompiledKernel>()> compile) {
  if (folder.empty())
    return compile();
  std::string key = llvm::toHex(hashOf({compiler, target, textOf(kernel)}), /*LowerCase=*/true);
  llvm::SmallString<256> path(folder);
  llvm::sys::path::append(path, kPrefix + key);
  if (std::optional<CompiledKernel> found = find(path.str().str(), key)) {
    ++foundCount;
    return std::move(*found);
  }
  llvm::Expected<CompiledKernel> made = compile();
  if (made && keep(folder, path.str().str(), keptBytes(key, *made)))
    ++keptCount;
  return made;
}

/// What processes left that were killed while they wrote.
static void removeAbandoned(const std::string &folder) {
  std::error_code code;
  auto longAgo = std::chrono::system_clock::now() - std::chrono::hours(1);
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    llvm::ErrorOr<fs::basic_file_status> status = entry->status();
    if (status && llvm::sys::path::filename(entry->path()).starts_with(("." + kPrefix).str()) &&
        status->getLastModificationTime() < longAgo)
      fs::remove(entry->path());
  }
}

KernelCache::~KernelCache() {
  if (!keptCount)
    return;
  llvm::CachePruningPolicy policy;
  policy.Expiration = std::chrono::hours(30 * 24);
  policy.MaxSizeBytes = uint64_t{512} << 20;
  if (llvm::pruneCache(folder, policy))
    removeAbandoned(folder);
}

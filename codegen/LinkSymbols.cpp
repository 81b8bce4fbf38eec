// Renames, hides and fills in what a linked object shows, with LLVM's objcopy as a library.
#include "codegen/LinkSymbols.h"

#include "codegen/EmitImage.h"
#include "codegen/RuntimeObject.h"
#include "support/SystemError.h"

#include "llvm/ObjCopy/CommonConfig.h"
#include "llvm/ObjCopy/ELF/ELFConfig.h"
#include "llvm/ObjCopy/ELF/ELFObjcopy.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/StringSaver.h"

#include <cerrno>
#include <set>
#include <system_error>

using namespace llvm;

namespace skip::codegen {

/// The names of an object's global symbols that are undefined, or those that are defined.
static Expected<std::set<std::string>> globalNames(const object::ELFObjectFileBase &object, bool undefined) {
  std::set<std::string> names;
  for (object::SymbolRef symbol : object.symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    bool isUndefined = *flags & object::BasicSymbolRef::SF_Undefined;
    if (!(*flags & object::BasicSymbolRef::SF_Global) || isUndefined != undefined)
      continue;
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    names.insert(name->str());
  }
  return names;
}

static Expected<std::set<std::string>> runtimeNames(const Image &image, bool trains, bool undefined) {
  auto object = object::ObjectFile::createELFObjectFile(MemoryBufferRef(runtimeObject(image, trains), "runtime"));
  if (!object)
    return object.takeError();
  return globalNames(cast<object::ELFObjectFileBase>(**object), undefined);
}

Expected<std::vector<std::string>> libcSymbols(const Image &image, bool trains) {
  Expected<std::set<std::string>> names = runtimeNames(image, trains, /*undefined=*/true);
  if (!names)
    return names.takeError();
  names->insert({"memcmp", "memcpy", "memmove", "memset"});
  names->erase("skipModelImage");
  names->erase("skipTrainingImage");
  names->erase("_GLOBAL_OFFSET_TABLE_");
  return std::vector<std::string>(names->begin(), names->end());
}

Error finishObject(StringRef linked, const FinishOptions &options, raw_ostream &out) {
  Expected<std::set<std::string>> defined = runtimeNames(options.image, options.trains, /*undefined=*/false);
  if (!defined)
    return defined.takeError();
  auto object = object::ObjectFile::createELFObjectFile(MemoryBufferRef(linked, "linked object"));
  if (!object)
    return object.takeError();
  objcopy::CommonConfig config;
  objcopy::ELFConfig elfConfig;
  BumpPtrAllocator allocator;
  StringSaver names(allocator);
  for (const std::string &symbol : *defined) {
    StringRef rest = symbol;
    if (!rest.consume_front("skipmodel_"))
      continue;
    config.SymbolsToRename[symbol] = names.save(options.image.name + "_" + rest);
    if (Error error = config.SymbolsToKeepGlobal.addMatcher(
            objcopy::NameOrPattern::create(names.save(symbol), objcopy::MatchStyle::Literal, nullptr)))
      return error;
  }
  for (auto [target, weights] : enumerate(options.weights))
    if (!weights.empty())
      config.UpdateSection.emplace_back(names.save(weightsSection(target)),
                                        MemoryBuffer::getMemBuffer(StringRef(weights.data(), weights.size()), "", false));
  Error failed = objcopy::elf::executeObjcopyOnBinary(config, elfConfig, cast<object::ELFObjectFileBase>(**object), out);
  return handleErrors(std::move(failed), [&](std::unique_ptr<ErrorInfoBase> error) -> Error {
    if (error->convertToErrorCode() != std::errc::not_enough_memory)
      return Error(std::move(error));
    return createStringError(std::make_error_code(std::errc::not_enough_memory),
                             describeSystemError("make the object of", options.image.name, ENOMEM));
  });
}

} // namespace skip::codegen

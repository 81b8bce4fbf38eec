// Each table is taken byte for byte from the runtime's own structs (ImageView), so the layout of Abi.h is not described a
// second time; only the pointer fields among the bytes become relocations. In IR a table is a packed struct of byte strings and
// pointers:
//   <{ ptr @name, [24 x i8] c"...", ptr @name, [24 x i8] c"..." }>     two SkipSteps
// The code generator puts what has relocations into .data.rel.ro, the rest into .rodata. Weights, hundreds of megabytes, do not
// go through IR: the module's assembly makes a section that stands for them.
#include "codegen/EmitImage.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <cstddef>
#include <map>

using namespace llvm;

extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86Target();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmPrinter();
void LLVMInitializeX86AsmParser();
}

namespace skip::codegen {

namespace {
/// A copy of `count` structs in which pointer fields are replaced one by one, in the order in which they lie.
template <typename Item> class Table {
public:
  Table(LLVMContext &context, const Item *items, size_t count)
      : context(context), bytes(reinterpret_cast<const char *>(items), count * sizeof(Item)) {}

  /// The pointer at byte `field` of item `index` points at `target`; null leaves it as it is, which must be null.
  void point(size_t index, size_t field, Constant *target) {
    if (!target)
      return;
    copyUpTo(index * sizeof(Item) + field);
    parts.push_back(target);
    done += sizeof(void *);
  }

  /// The table as a global of the module; null when it is empty.
  GlobalVariable *emit(Module &module, const Twine &name) {
    copyUpTo(bytes.size());
    if (parts.empty())
      return nullptr;
    Constant *data = ConstantStruct::getAnon(context, parts, /*Packed=*/true);
    auto *global = new GlobalVariable(module, data->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, data, name);
    global->setAlignment(Align(16));
    return global;
  }

private:
  void copyUpTo(size_t end) {
    if (done < end)
      parts.push_back(ConstantDataArray::getString(context, bytes.slice(done, end), /*AddNull=*/false));
    done = end;
  }

  LLVMContext &context;
  StringRef bytes;
  size_t done = 0;
  SmallVector<Constant *> parts;
};

/// Builds the module; one use.
class ImageModule {
public:
  ImageModule(const Image &image, bool embedsWeights)
      : image(image), view(image), module("skip", context), embedsWeights(embedsWeights) {}
  Module &build();

private:
  Constant *text(const char *value);
  Constant *function(const std::string &symbol);
  Constant *embeddedWeights();
  template <typename Item> Constant *named(const Item *items, size_t count, const char *what);
  template <typename Item> Constant *plain(const Item *items, size_t count, const char *what) {
    return Table<Item>(context, items, count).emit(module, what);
  }
  Constant *kernels(const Variant &variant, const SkipVariant &source);
  Constant *variants();

  const Image &image;
  ImageView view;
  LLVMContext context;
  Module module;
  const bool embedsWeights;
  std::map<std::string, Constant *, std::less<>> texts;
};
} // namespace

Constant *ImageModule::text(const char *value) {
  Constant *&entry = texts[value];
  if (!entry) {
    Constant *data = ConstantDataArray::getString(context, value);
    auto *global = new GlobalVariable(module, data->getType(), true, GlobalValue::PrivateLinkage, data, "text");
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global); // Equal texts of several objects may be one.
    global->setAlignment(Align(1));
    entry = global;
  }
  return entry;
}

Constant *ImageModule::function(const std::string &symbol) {
  if (symbol.empty())
    return nullptr;
  if (Function *known = module.getFunction(symbol))
    return known;
  auto *type = FunctionType::get(Type::getVoidTy(context), false); // The type is of no interest to a relocation.
  Function *declared = Function::Create(type, GlobalValue::ExternalLinkage, symbol, module);
  declared->setVisibility(GlobalValue::HiddenVisibility);
  return declared;
}

Constant *ImageModule::embeddedWeights() {
  if (!embedsWeights || image.weightsBytes == 0)
    return nullptr;
  // Flag `l` is SHF_X86_64_LARGE. An absolute pointer is all that reaches it, so there is nothing more to say to LLVM.
  module.appendModuleInlineAsm(std::string(".section ") + weightsSection +
                               ",\"al\",@progbits\n.p2align 6\nskipModelWeights:\n.zero 64\n");
  auto *type = Type::getInt8Ty(context);
  auto *declared = new GlobalVariable(module, type, true, GlobalValue::ExternalLinkage, nullptr, "skipModelWeights");
  declared->setVisibility(GlobalValue::HiddenVisibility);
  return declared;
}

/// A table whose items' one pointer is their name.
template <typename Item> Constant *ImageModule::named(const Item *items, size_t count, const char *what) {
  Table<Item> table(context, items, count);
  for (size_t i = 0; i < count; ++i)
    table.point(i, offsetof(Item, name), text(items[i].name));
  return table.emit(module, what);
}

Constant *ImageModule::kernels(const Variant &variant, const SkipVariant &source) {
  Table<SkipKernel> table(context, source.kernels, source.kernelCount);
  for (size_t i = 0; i < source.kernelCount; ++i) {
    table.point(i, offsetof(SkipKernel, name), text(source.kernels[i].name));
    for (size_t isa = 0; isa < SKIP_ISA_COUNT; ++isa)
      table.point(i, offsetof(SkipKernel, fn) + isa * sizeof(SkipKernelFn), function(variant.kernels[i].symbols[isa]));
  }
  return table.emit(module, "kernels");
}

/// A pointer into the view that has no data behind it would go into the object as it is.
template <typename Pointer> static void clearEmpty(const Pointer *&pointer, size_t count) {
  if (count == 0)
    pointer = nullptr;
}

Constant *ImageModule::variants() {
  const SkipModelImage &root = view.get();
  std::vector<SkipVariant> sources(root.variants, root.variants + root.variantCount);
  for (size_t i = 0; i < sources.size(); ++i) {
    clearEmpty(sources[i].extents, sources[i].extentCount);
    clearEmpty(sources[i].sections, sources[i].sectionCount);
    clearEmpty(sources[i].steps, sources[i].stepCount);
    clearEmpty(sources[i].kernels, sources[i].kernelCount);
  }
  Table<SkipVariant> table(context, sources.data(), sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    SkipVariant &source = sources[i];
    size_t operandCount = 0, paramCount = 0;
    for (size_t step = 0; step < source.stepCount; ++step) {
      operandCount += source.steps[step].operandCount;
      paramCount += source.steps[step].paramCount;
    }
    clearEmpty(source.operands, operandCount);
    clearEmpty(source.params, paramCount);
    table.point(i, offsetof(SkipVariant, extents), plain(source.extents, source.extentCount, "extents"));
    table.point(i, offsetof(SkipVariant, sections), plain(source.sections, source.sectionCount, "sections"));
    table.point(i, offsetof(SkipVariant, steps), named(source.steps, source.stepCount, "steps"));
    table.point(i, offsetof(SkipVariant, operands), plain(source.operands, operandCount, "operands"));
    table.point(i, offsetof(SkipVariant, params), plain(source.params, paramCount, "params"));
    table.point(i, offsetof(SkipVariant, kernels), kernels(image.variants[i], source));
  }
  return table.emit(module, "variants");
}

Module &ImageModule::build() {
  SkipModelImage root = view.get();
  clearEmpty(root.inputs, root.inputCount);
  clearEmpty(root.outputs, root.outputCount);
  clearEmpty(root.variants, root.variantCount);
  clearEmpty(root.tensors, root.tensorCount);
  clearEmpty(root.loads, root.loadCount);
  clearEmpty(root.norms, root.normCount);
  Table<SkipModelImage> table(context, &root, 1);
  table.point(0, offsetof(SkipModelImage, name), text(root.name));
  table.point(0, offsetof(SkipModelImage, compiler), text(root.compiler));
  table.point(0, offsetof(SkipModelImage, inputs), named(root.inputs, root.inputCount, "inputs"));
  table.point(0, offsetof(SkipModelImage, outputs), named(root.outputs, root.outputCount, "outputs"));
  table.point(0, offsetof(SkipModelImage, variants), variants());
  table.point(0, offsetof(SkipModelImage, tensors), named(root.tensors, root.tensorCount, "tensors"));
  table.point(0, offsetof(SkipModelImage, loads), plain(root.loads, root.loadCount, "loads"));
  table.point(0, offsetof(SkipModelImage, norms), plain(root.norms, root.normCount, "norms"));
  table.point(0, offsetof(SkipModelImage, embeddedWeights), embeddedWeights());
  GlobalVariable *global = table.emit(module, "skipModelImage");
  global->setLinkage(GlobalValue::ExternalLinkage);
  global->setVisibility(GlobalValue::HiddenVisibility);
  return module;
}

static const Target *x86Target(std::string &error) {
  static const bool initialised = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser(); // For the module's assembly.
    return true;
  }();
  (void)initialised;
  return TargetRegistry::lookupTarget(Triple("x86_64-unknown-linux-gnu"), error);
}

Error emitImage(const Image &image, bool embedsWeights, raw_pwrite_stream &out) {
  std::string error;
  const Target *target = x86Target(error);
  if (!target)
    return createStringError(inconvertibleErrorCode(), error);
  Triple triple("x86_64-unknown-linux-gnu");
  std::unique_ptr<TargetMachine> machine(
      target->createTargetMachine(triple, "x86-64", "", TargetOptions(), Reloc::PIC_, std::nullopt, CodeGenOptLevel::None));
  ImageModule builder(image, embedsWeights);
  Module &module = builder.build();
  std::string problems; // Without a handler an error in the module's assembly would end the process.
  module.getContext().setDiagnosticHandlerCallBack(
      [](const DiagnosticInfo *info, void *text) {
        raw_string_ostream stream(*static_cast<std::string *>(text));
        DiagnosticPrinterRawOStream printer(stream);
        info->print(printer);
      },
      &problems);
  module.setTargetTriple(triple);
  module.setDataLayout(machine->createDataLayout());
  module.setPICLevel(PICLevel::BigPIC);
  legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, out, nullptr, CodeGenFileType::ObjectFile))
    return createStringError(inconvertibleErrorCode(), "LLVM's x86 backend cannot write objects");
  passes.run(module);
  out.flush();
  return problems.empty() ? Error::success()
                          : createStringError(inconvertibleErrorCode(), "cannot write the model's object: " + problems);
}

} // namespace skip::codegen

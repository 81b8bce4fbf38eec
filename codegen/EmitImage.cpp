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
#include <cstring>

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
  void addText(const char *value);
  void addTexts();
  Constant *text(const char *value);
  Constant *function(const std::string &symbol);
  Constant *object(const char *symbol);
  Constant *embeddedWeights(const TargetImage &target);
  template <typename Item> Constant *named(const Item *items, size_t count, const char *what);
  template <typename Item> Constant *plain(const Item *items, size_t count, const char *what) {
    return Table<Item>(context, items, count).emit(module, what);
  }
  Constant *kernels(const X86Kernels &kernels, const void *source);
  Constant *variants(const TargetImage &target, const SkipTargetImage &source);
  Constant *targets();

  const Image &image;
  ImageView view;
  LLVMContext context;
  Module module;
  const bool embedsWeights;
  StringMap<size_t> texts; // where in the pool
  std::string pool;
  GlobalVariable *textPool = nullptr;
};
} // namespace

void ImageModule::addText(const char *value) {
  if (texts.try_emplace(value, pool.size()).second)
    pool.append(value, std::strlen(value) + 1);
}

/// All names in one array: a deep network has thousands, and an object's symbols take their time one by one.
void ImageModule::addTexts() {
  const SkipModelImage &root = view.get();
  addText(root.name);
  addText(root.compiler);
  auto addNames = [&](const auto *items, size_t count) {
    for (size_t i = 0; i < count; ++i)
      addText(items[i].name);
  };
  addNames(root.inputs, root.inputCount);
  addNames(root.outputs, root.outputCount);
  addNames(root.tensors, root.tensorCount);
  for (const TargetImage &target : image.targets)
    for (const Variant &variant : target.variants) {
      for (const Step &step : variant.steps)
        addText(step.name.c_str());
      std::visit([&](const auto &kernels) { llvm::for_each(kernels, [&](auto &kernel) { addText(kernel.name.c_str()); }); },
                 variant.kernels);
    }
  Constant *data = ConstantDataArray::getString(context, pool, /*AddNull=*/false);
  textPool = new GlobalVariable(module, data->getType(), true, GlobalValue::PrivateLinkage, data, "texts");
  textPool->setAlignment(Align(1));
}

Constant *ImageModule::text(const char *value) {
  Constant *offset = ConstantInt::get(Type::getInt64Ty(context), texts.find(value)->second);
  return ConstantExpr::getInBoundsGetElementPtr(Type::getInt8Ty(context), textPool, offset);
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

/// Data that another object of the library defines.
Constant *ImageModule::object(const char *symbol) {
  auto *declared = new GlobalVariable(module, Type::getInt8Ty(context), true, GlobalValue::ExternalLinkage, nullptr, symbol);
  declared->setVisibility(GlobalValue::HiddenVisibility);
  return declared;
}

Constant *ImageModule::embeddedWeights(const TargetImage &target) {
  if (!embedsWeights || target.weightsBytes == 0)
    return nullptr;
  // Flag `l` is SHF_X86_64_LARGE. An absolute pointer is all that reaches it, so there is nothing more to say to LLVM.
  module.appendModuleInlineAsm(std::string(".section ") + weightsSection +
                               ",\"al\",@progbits\n.p2align 6\nskipModelWeights:\n.zero 64\n");
  return object("skipModelWeights");
}

/// A table whose items' one pointer is their name.
template <typename Item> Constant *ImageModule::named(const Item *items, size_t count, const char *what) {
  Table<Item> table(context, items, count);
  for (size_t i = 0; i < count; ++i)
    table.point(i, offsetof(Item, name), text(items[i].name));
  return table.emit(module, what);
}

Constant *ImageModule::kernels(const X86Kernels &kernels, const void *source) {
  Table<SkipX86Kernel> table(context, static_cast<const SkipX86Kernel *>(source), kernels.size());
  for (size_t i = 0; i < kernels.size(); ++i) {
    table.point(i, offsetof(SkipX86Kernel, name), text(kernels[i].name.c_str()));
    for (size_t isa = 0; isa < kernels[i].symbols.size(); ++isa)
      table.point(i, offsetof(SkipX86Kernel, fn) + isa * sizeof(SkipKernelFn), function(kernels[i].symbols[isa]));
  }
  return table.emit(module, "kernels");
}

/// A pointer into the view that has no data behind it would go into the object as it is.
template <typename Pointer> static void clearEmpty(const Pointer *&pointer, size_t count) {
  if (count == 0)
    pointer = nullptr;
}

Constant *ImageModule::variants(const TargetImage &target, const SkipTargetImage &source) {
  std::vector<SkipVariant> sources(source.variants, source.variants + source.variantCount);
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
    auto emitKernels = [&](const auto &list) { return kernels(list, source.kernels); };
    table.point(i, offsetof(SkipVariant, kernels), std::visit(emitKernels, target.variants[i].kernels));
  }
  return table.emit(module, "variants");
}

/// The symbol of the backend that runs a target's plan (runtime/Backend.h).
static const char *backendOf(SkipTarget target) {
  switch (target) {
  case SKIP_TARGET_X86:
    return "skipX86Backend";
  case SKIP_TARGET_CUDA:
    return "skipCudaBackend";
  }
  llvm_unreachable("no such target");
}

Constant *ImageModule::targets() {
  const SkipModelImage &root = view.get();
  std::vector<SkipTargetImage> sources(root.targets, root.targets + root.targetCount);
  for (SkipTargetImage &source : sources) {
    clearEmpty(source.variants, source.variantCount);
    clearEmpty(source.loads, source.loadCount);
    clearEmpty(source.norms, source.normCount);
  }
  Table<SkipTargetImage> table(context, sources.data(), sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    const SkipTargetImage &source = sources[i];
    table.point(i, offsetof(SkipTargetImage, backend), object(backendOf(image.targets[i].target)));
    table.point(i, offsetof(SkipTargetImage, variants), variants(image.targets[i], source));
    table.point(i, offsetof(SkipTargetImage, loads), plain(source.loads, source.loadCount, "loads"));
    table.point(i, offsetof(SkipTargetImage, norms), plain(source.norms, source.normCount, "norms"));
    table.point(i, offsetof(SkipTargetImage, embeddedWeights), embeddedWeights(image.targets[i]));
  }
  return table.emit(module, "targets");
}

Module &ImageModule::build() {
  SkipModelImage root = view.get();
  addTexts();
  clearEmpty(root.inputs, root.inputCount);
  clearEmpty(root.outputs, root.outputCount);
  clearEmpty(root.tensors, root.tensorCount);
  clearEmpty(root.targets, root.targetCount);
  Table<SkipModelImage> table(context, &root, 1);
  table.point(0, offsetof(SkipModelImage, name), text(root.name));
  table.point(0, offsetof(SkipModelImage, compiler), text(root.compiler));
  table.point(0, offsetof(SkipModelImage, inputs), named(root.inputs, root.inputCount, "inputs"));
  table.point(0, offsetof(SkipModelImage, outputs), named(root.outputs, root.outputCount, "outputs"));
  table.point(0, offsetof(SkipModelImage, tensors), named(root.tensors, root.tensorCount, "tensors"));
  table.point(0, offsetof(SkipModelImage, targets), targets());
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

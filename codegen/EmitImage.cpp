// Each table is taken byte for byte from the runtime's own structs (ImageView), so the layout of Abi.h is not described a
// second time; only the pointer fields among the bytes become relocations. Tables go to the object as bytes and symbols, by
// LLVM's streamer and not by its IR, in which the thousands of steps of a deep network take their time. What has relocations is
// in .data.rel.ro, the rest in .rodata.
#include "codegen/EmitImage.h"

#include "codegen/ImageTable.h"
#include "codegen/TargetTable.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCSectionELF.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/SourceMgr.h"
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
}

namespace skip::codegen {

std::string weightsSection(size_t target) { return ".lrodata" + (target == 0 ? "" : "." + std::to_string(target)); }

namespace {
/// Writes the tables, those first that others point at; one use.
class ImageWriter {
public:
  /// `view` is the image's. Threads have at least `leastStackBytes` of stack for kernels.
  ImageWriter(const Image &image, const SkipModelImage &view, bool embedsWeights, uint64_t leastStackBytes, MCContext &context,
              MCStreamer &out)
      : image(image), view(view), embedsWeights(embedsWeights), leastStackBytes(leastStackBytes), context(context), out(out) {}
  void write();
  void write(const SkipTrainingImage &training);

private:
  MCSection *section(const char *name, unsigned flags) { return context.getELFSection(name, ELF::SHT_PROGBITS, flags); }
  const MCExpr *addressOf(const MCSymbol *symbol) { return MCSymbolRefExpr::create(symbol, context); }

  void addText(const char *value);
  void addNamesOf(const X86Kernel &kernel) { addText(kernel.name.c_str()); }
  void addNamesOf(const CudaKernel &kernel) {
    for (const CudaForm &form : kernel.forms)
      addText(form.name.c_str());
  }
  void writeTexts();
  const MCExpr *text(const char *value);
  const MCExpr *external(StringRef symbol);
  const MCExpr *weights(size_t target);
  template <typename Item> void fill(const Table<Item> &table, MCSymbol *symbol);
  template <typename Item> const MCExpr *emit(const Table<Item> &table);
  template <typename Item> const MCExpr *named(const Item *items, size_t count);
  template <typename Item> const MCExpr *plain(const Item *items, size_t count) { return emit(Table<Item>(items, count)); }
  const MCExpr *kernels(const X86Kernels &kernels, const void *source);
  const MCExpr *kernels(const CudaKernels &kernels, const void *source);
  const MCExpr *codes(const SkipCode *items, size_t count);
  const MCExpr *variants(const TargetImage &target, const SkipTargetImage &source);
  const MCExpr *targets();
  const MCExpr *classes(const SkipClasses *items);
  SkipModelImage root() const;
  template <typename Root> void pointRoot(Table<Root> &table, const SkipModelImage &root);
  template <typename Root> void define(const char *name, const Table<Root> &table);

  const Image &image;
  const SkipModelImage &view;
  const bool embedsWeights;
  const uint64_t leastStackBytes;
  MCContext &context;
  MCStreamer &out;
  StringMap<size_t> texts; // where in the pool
  std::string pool;
  MCSymbol *textPool = nullptr;
};
} // namespace

void ImageWriter::addText(const char *value) {
  if (texts.try_emplace(value, pool.size()).second)
    pool.append(value, std::strlen(value) + 1);
}

/// All names in one array: a deep network has thousands, and an object's symbols take their time one by one.
void ImageWriter::writeTexts() {
  const SkipModelImage &root = view;
  addText(root.name);
  addText(root.compiler);
  auto addNames = [&](const auto *items, size_t count) {
    for (size_t i = 0; i < count; ++i)
      addText(items[i].name);
  };
  addNames(root.inputs, root.inputCount);
  addNames(root.outputs, root.outputCount);
  addNames(root.tensors, root.tensorCount);
  for (const Port &port : image.outputs)
    for (const std::string &name : port.classes)
      addText(name.c_str());
  for (const TargetImage &target : image.targets)
    for (const Variant &variant : target.variants) {
      for (const Step &step : variant.steps)
        addText(step.name.c_str());
      std::visit([&](const auto &kernels) { llvm::for_each(kernels, [&](auto &kernel) { addNamesOf(kernel); }); },
                 variant.kernels);
    }
  out.switchSection(section(".rodata", ELF::SHF_ALLOC));
  textPool = context.createTempSymbol("texts");
  out.emitLabel(textPool);
  out.emitBytes(pool);
}

const MCExpr *ImageWriter::text(const char *value) {
  auto offset = static_cast<int64_t>(texts.find(value)->second);
  return MCBinaryExpr::createAdd(addressOf(textPool), MCConstantExpr::create(offset, context), context);
}

/// What another object of the library defines.
const MCExpr *ImageWriter::external(StringRef symbol) {
  MCSymbol *declared = context.getOrCreateSymbol(symbol);
  out.emitSymbolAttribute(declared, MCSA_Hidden);
  return addressOf(declared);
}

/// A section that stands for the segment.
const MCExpr *ImageWriter::weights(size_t target) {
  MCSymbol *begin = context.createTempSymbol("weights");
  out.switchSection(section(weightsSection(target).c_str(), ELF::SHF_ALLOC | ELF::SHF_X86_64_LARGE));
  out.emitValueToAlignment(Align(64));
  out.emitLabel(begin);
  out.emitZeros(64);
  return addressOf(begin);
}

/// The table under `symbol`.
template <typename Item> void ImageWriter::fill(const Table<Item> &table, MCSymbol *symbol) {
  out.switchSection(table.pointers.empty() ? section(".rodata", ELF::SHF_ALLOC)
                                           : section(".data.rel.ro", ELF::SHF_ALLOC | ELF::SHF_WRITE));
  out.emitValueToAlignment(Align(16));
  out.emitLabel(symbol);
  size_t done = 0;
  for (auto [offset, target] : table.pointers) {
    out.emitBytes(table.bytes.slice(done, offset));
    out.emitValue(target, sizeof(void *));
    done = offset + sizeof(void *);
  }
  out.emitBytes(table.bytes.drop_front(done));
}

/// Its address; null when it is empty.
template <typename Item> const MCExpr *ImageWriter::emit(const Table<Item> &table) {
  if (table.bytes.empty())
    return nullptr;
  MCSymbol *symbol = context.createTempSymbol();
  fill(table, symbol);
  return addressOf(symbol);
}

/// A table whose items' one pointer is their name.
template <typename Item> const MCExpr *ImageWriter::named(const Item *items, size_t count) {
  Table<Item> table(items, count);
  for (size_t i = 0; i < count; ++i)
    table.point(i, offsetof(Item, name), text(items[i].name));
  return emit(table);
}

const MCExpr *ImageWriter::kernels(const X86Kernels &kernels, const void *source) {
  Table<SkipX86Kernel> table(static_cast<const SkipX86Kernel *>(source), kernels.size());
  for (size_t i = 0; i < kernels.size(); ++i) {
    table.point(i, offsetof(SkipX86Kernel, name), text(kernels[i].name.c_str()));
    for (size_t isa = 0; isa < kernels[i].symbols.size(); ++isa)
      if (const std::string &symbol = kernels[i].symbols[isa]; !symbol.empty())
        table.point(i, offsetof(SkipX86Kernel, fn) + isa * sizeof(SkipKernelFn), external(symbol));
  }
  return emit(table);
}

const MCExpr *ImageWriter::kernels(const CudaKernels &kernels, const void *source) {
  Table<SkipCudaKernel> table(static_cast<const SkipCudaKernel *>(source), kernels.size());
  for (size_t i = 0; i < kernels.size(); ++i)
    for (size_t column = 0; column < kernels[i].forms.size(); ++column) {
      const CudaForm &form = kernels[i].forms[column];
      size_t at = offsetof(SkipCudaKernel, forms) + column * sizeof(SkipCudaForm);
      if (!form.name.empty())
        table.point(i, at + offsetof(SkipCudaForm, name), text(form.name.c_str()));
      if (!form.maps.empty())
        table.point(i, at + offsetof(SkipCudaForm, maps), plain(form.maps.data(), form.maps.size()));
    }
  return emit(table);
}

/// With a zero behind each, for drivers that take a text for a C string.
const MCExpr *ImageWriter::codes(const SkipCode *items, size_t count) {
  Table<SkipCode> table(items, count);
  for (size_t i = 0; i < count; ++i) {
    MCSymbol *code = context.createTempSymbol();
    out.switchSection(section(".rodata", ELF::SHF_ALLOC));
    out.emitValueToAlignment(Align(64));
    out.emitLabel(code);
    out.emitBytes(StringRef(static_cast<const char *>(items[i].data), items[i].bytes));
    out.emitZeros(1);
    table.point(i, offsetof(SkipCode, data), addressOf(code));
  }
  return emit(table);
}

/// A pointer into the view that has no data behind it would go into the object as it is.
template <typename Pointer> static void clearEmpty(const Pointer *&pointer, size_t count) {
  if (count == 0)
    pointer = nullptr;
}

const MCExpr *ImageWriter::variants(const TargetImage &target, const SkipTargetImage &source) {
  std::vector<SkipVariant> sources(source.variants, source.variants + source.variantCount);
  for (size_t i = 0; i < sources.size(); ++i) {
    clearEmpty(sources[i].extents, sources[i].extentCount);
    clearEmpty(sources[i].sections, sources[i].sectionCount);
    clearEmpty(sources[i].parts, sources[i].partCount);
    clearEmpty(sources[i].steps, sources[i].stepCount);
    clearEmpty(sources[i].kernels, sources[i].kernelCount);
  }
  Table<SkipVariant> table(sources.data(), sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    SkipVariant &source = sources[i];
    size_t operandCount = 0, paramCount = 0;
    for (size_t step = 0; step < source.stepCount; ++step) {
      operandCount += source.steps[step].operandCount;
      paramCount += source.steps[step].paramCount;
    }
    clearEmpty(source.operands, operandCount);
    clearEmpty(source.params, paramCount);
    table.point(i, offsetof(SkipVariant, extents), plain(source.extents, source.extentCount));
    table.point(i, offsetof(SkipVariant, sections), plain(source.sections, source.sectionCount));
    table.point(i, offsetof(SkipVariant, parts), plain(source.parts, source.partCount));
    table.point(i, offsetof(SkipVariant, steps), named(source.steps, source.stepCount));
    table.point(i, offsetof(SkipVariant, operands), plain(source.operands, operandCount));
    table.point(i, offsetof(SkipVariant, params), plain(source.params, paramCount));
    auto emitKernels = [&](const auto &list) { return kernels(list, source.kernels); };
    table.point(i, offsetof(SkipVariant, kernels), std::visit(emitKernels, target.variants[i].kernels));
  }
  return emit(table);
}

const MCExpr *ImageWriter::targets() {
  const SkipModelImage &root = view;
  std::vector<SkipTargetImage> sources(root.targets, root.targets + root.targetCount);
  for (SkipTargetImage &source : sources) {
    clearEmpty(source.variants, source.variantCount);
    clearEmpty(source.loads, source.loadCount);
    clearEmpty(source.norms, source.normCount);
    clearEmpty(source.codes, source.codeCount);
    source.kernelStackBytes = std::max(source.kernelStackBytes, leastStackBytes);
  }
  Table<SkipTargetImage> table(sources.data(), sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    const SkipTargetImage &source = sources[i];
    table.point(i, offsetof(SkipTargetImage, backend), external(entryOf(image.targets[i].target).backend));
    table.point(i, offsetof(SkipTargetImage, variants), variants(image.targets[i], source));
    table.point(i, offsetof(SkipTargetImage, loads), plain(source.loads, source.loadCount));
    table.point(i, offsetof(SkipTargetImage, norms), plain(source.norms, source.normCount));
    table.point(i, offsetof(SkipTargetImage, codes), codes(source.codes, source.codeCount));
    if (embedsWeights && source.weightsBytes > 0)
      table.point(i, offsetof(SkipTargetImage, embeddedWeights), weights(i));
  }
  return emit(table);
}

const MCExpr *ImageWriter::classes(const SkipClasses *items) {
  std::vector<SkipClasses> sources(items, items + view.outputCount);
  for (SkipClasses &source : sources)
    clearEmpty(source.names, source.count);
  Table<SkipClasses> table(sources.data(), sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    Table<const char *> names(sources[i].names, sources[i].count);
    for (size_t j = 0; j < sources[i].count; ++j)
      names.point(j, 0, text(sources[i].names[j]));
    table.point(i, offsetof(SkipClasses, names), emit(names));
  }
  return emit(table);
}

/// The view's, without pointers to nothing.
SkipModelImage ImageWriter::root() const {
  SkipModelImage root = view;
  clearEmpty(root.inputs, root.inputCount);
  clearEmpty(root.outputs, root.outputCount);
  clearEmpty(root.tensors, root.tensorCount);
  clearEmpty(root.pictures, root.inputCount);
  clearEmpty(root.classes, root.outputCount);
  clearEmpty(root.targets, root.targetCount);
  return root;
}

/// `table` is a struct that begins with `root`.
template <typename Root> void ImageWriter::pointRoot(Table<Root> &table, const SkipModelImage &root) {
  writeTexts();
  table.point(0, offsetof(SkipModelImage, name), text(root.name));
  table.point(0, offsetof(SkipModelImage, compiler), text(root.compiler));
  table.point(0, offsetof(SkipModelImage, inputs), named(root.inputs, root.inputCount));
  table.point(0, offsetof(SkipModelImage, outputs), named(root.outputs, root.outputCount));
  table.point(0, offsetof(SkipModelImage, tensors), named(root.tensors, root.tensorCount));
  table.point(0, offsetof(SkipModelImage, targets), targets());
  table.point(0, offsetof(SkipModelImage, pictures), plain(root.pictures, root.inputCount));
  table.point(0, offsetof(SkipModelImage, classes), classes(root.classes));
}

template <typename Root> void ImageWriter::define(const char *name, const Table<Root> &table) {
  MCSymbol *symbol = context.getOrCreateSymbol(name);
  for (MCSymbolAttr attribute : {MCSA_Global, MCSA_Hidden, MCSA_ELF_TypeObject})
    out.emitSymbolAttribute(symbol, attribute);
  out.emitELFSize(symbol, MCConstantExpr::create(sizeof(Root), context));
  fill(table, symbol);
}

void ImageWriter::write() {
  SkipModelImage plain = root();
  Table<SkipModelImage> table(&plain, 1);
  pointRoot(table, plain);
  define("skipModelImage", table);
}

void ImageWriter::write(const SkipTrainingImage &training) {
  static_assert(offsetof(SkipTrainingImage, model) == 0);
  SkipTrainingImage plain = training;
  plain.model = root();
  clearEmpty(plain.state, plain.stateCount);
  clearEmpty(plain.statistics, plain.statisticCount);
  Table<SkipTrainingImage> table(&plain, 1);
  pointRoot(table, plain.model);
  table.point(0, offsetof(SkipTrainingImage, state), this->plain(plain.state, plain.stateCount));
  table.point(0, offsetof(SkipTrainingImage, statistics), this->plain(plain.statistics, plain.statisticCount));
  define("skipTrainingImage", table);
}

static const Target *x86Target(std::string &error) {
  static const bool initialised = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    return true;
  }();
  (void)initialised;
  return TargetRegistry::lookupTarget(Triple("x86_64-unknown-linux-gnu"), error);
}

/// Both images, the second if there is one.
static void writeImages(const Image &image, const TrainingImage *training, bool embedsWeights, MCContext &context,
                        MCStreamer &out) {
  uint64_t stackBytes = 0;
  if (training)
    for (const TargetImage &target : training->model.targets)
      stackBytes = std::max(stackBytes, target.kernelStackBytes);
  ImageView view(image);
  ImageWriter(image, view.get(), embedsWeights, stackBytes, context, out).write();
  if (!training)
    return;
  TrainingImageView trainingView(*training);
  const SkipTrainingImage &root = trainingView.get();
  ImageWriter(training->model, root.model, /*embedsWeights=*/false, 0, context, out).write(root);
}

Error emitImage(const Image &image, const TrainingImage *training, bool embedsWeights, raw_pwrite_stream &out) {
  std::string problems;
  const Target *target = x86Target(problems);
  if (!target)
    return createStringError(inconvertibleErrorCode(), problems);
  Triple triple("x86_64-unknown-linux-gnu");
  std::unique_ptr<TargetMachine> machine(
      target->createTargetMachine(triple, "x86-64", "", TargetOptions(), Reloc::PIC_, std::nullopt, CodeGenOptLevel::None));
  MCContext context(triple, machine->getMCAsmInfo(), machine->getMCRegisterInfo(), machine->getMCSubtargetInfo());
  context.setDiagnosticHandler([&](const SMDiagnostic &diagnostic, bool, const SourceMgr &, std::vector<const MDNode *> &) {
    problems += diagnostic.getMessage();
  });
  std::unique_ptr<MCObjectFileInfo> sections(target->createMCObjectFileInfo(context, /*PIC=*/true));
  context.setObjectFileInfo(sections.get());
  Expected<std::unique_ptr<MCStreamer>> streamer =
      machine->createMCStreamer(out, nullptr, CodeGenFileType::ObjectFile, context);
  if (!streamer)
    return streamer.takeError();
  (*streamer)->switchSection(machine->getMCAsmInfo()->getStackSection(context, /*Exec=*/false));
  writeImages(image, training, embedsWeights, context, **streamer);
  (*streamer)->finish();
  out.flush();
  return problems.empty() ? Error::success()
                          : createStringError(inconvertibleErrorCode(), "cannot write the model's object: " + problems);
}

} // namespace skip::codegen

// Layouts, slots and roles as attributes, and what passes ask of targets and schedules. The attributes of a target are in its own
// folder (Targets.td).
#ifndef SKIP_PLAN_ATTRS
#define SKIP_PLAN_ATTRS

include "ir/plan/PlanDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class PlanAttr<string name, string mnemonic_, list<Trait> traits = []> : AttrDef<PlanDialect, name, traits> {
  let mnemonic = mnemonic_;
}

def LayoutKind : I32Enum<"LayoutKind", "how a tensor's elements lie in memory", [
    I32EnumCase<"planar", 0>, I32EnumCase<"blocked", 1>, I32EnumCase<"filter16", 2>, I32EnumCase<"filter1", 3>,
    I32EnumCase<"vector", 4>, I32EnumCase<"winograd", 5>, I32EnumCase<"nhwc", 6>, I32EnumCase<"krsc", 7>,
    I32EnumCase<"partial", 8>]> {
  let cppNamespace = "::skip::plan";
}

def Element : I32Enum<"Element", "what a tensor's elements are stored as", [
    I32EnumCase<"f32", 0>, I32EnumCase<"f16", 1>, I32EnumCase<"bf16", 2>, I32EnumCase<"tf32", 3>]> {
  let cppNamespace = "::skip::plan";
}

def LayoutAttr : PlanAttr<"Layout", "layout"> {
  let summary = "how a tensor's elements lie in memory";
  let description = [{
    | kind | index function of an element | of |
    |---|---|---|
    | `planar` | `((n * C + c) * (H + 2h) + y + h) * (W + 2h) + x + h` | activations; the caller's own arrays have h = 0 |
    | `blocked` | `(((n * C/16 + c/16) * (H + 2h) + y + h) * (W + 2h) + x + h) * 16 + c%16` | activations; C rounded up to 16 |
    | `filter16` | `[oc/16][ic/16][kh][kw][ic%16][oc%16]` | a contraction's weights beside a blocked input |
    | `filter1` | `[oc/16][ic][kh][kw][oc%16]` | the same beside a planar input |
    | `vector` | `[c]`, rounded up to 16 | biases, scales |
    | `winograd` | `[t/group][c/16][(tile + r - 1)^2][t%group][c%16]` | transformed windows of a convolution padded by h, `kernel` x `kernel` of `stride` (3 and 1 unless given); r = (kernel + stride - 1) / stride; t counts the tiles of tile x tile outputs over all images; a position's vectors are rounded up to an odd number; with stride 2 the lanes of up to 4 channels are channel, row parity, column parity, and of more channels each block has four windows, one for each parity of row and column (codegen/x86/kernel/Winograd.h) |
    | `nhwc` | `((n * H + y) * W + x) * C' + c` | activations; C' is C rounded up to 16 bytes, zeros in the channels between; no halo |
    | `krsc` | `[oc][kh][kw][c]`, c rounded up to 16 bytes | a contraction's weights beside an `nhwc` input |

    | `partial` | `(((n * group + s) * H + y) * W + x) * C' + c` | activations as sums of `group` addends s, which are added in f32 and in this order; C' is C rounded up to 8 |

    h is the halo: that many rows and columns of zeros around each picture, so that a padded window needs no bounds checks. A
    tensor [N, C] is a picture of one pixel. `element` is how values are stored; in the graph they are f32 all the same; tf32 is f32 with
    the lower 13 bits zero. With h = 1,
    a 2x3 picture (. is a zero):

    ```
    . . . . .
    . a b c .
    . d e f .
    . . . . .
    ```
  }];
  let parameters = (ins EnumParameter<LayoutKind>:$kind, DefaultValuedParameter<"int64_t", "0">:$halo,
                        DefaultValuedParameter<"int64_t", "0">:$tile, DefaultValuedParameter<"int64_t", "0">:$group,
                        DefaultValuedParameter<"int64_t", "3">:$kernel, DefaultValuedParameter<"int64_t", "1">:$stride,
                        DefaultValuedParameter<"::skip::plan::Element", "::skip::plan::Element::f32">:$element);
  let assemblyFormat = [{ `<` $kind (`halo` $halo^)? (`tile` $tile^)? (`group` $group^)? (`kernel` $kernel^)? (`stride` $stride^)?
                          (`element` $element^)? `>` }];
  let genVerifyDecl = 1; // what windows are of has a size; halos lie around planar and blocked pictures alone
  let builders = [AttrBuilder<(ins "LayoutKind":$kind, CArg<"int64_t", "0">:$halo, CArg<"Element", "Element::f32">:$element),
                              [{ return $_get($_ctxt, kind, halo, 0, 0, 3, 1, element); }]>];
}

def WinogradAttr : PlanAttr<"Winograd", "winograd"> {
  let summary = "computes a convolution by Winograd's F(tile x tile, r x r), tiles taken in groups";
  let description = [{
    Stands as `plan.algorithm` on a `graph.conv2d` or a `graph.conv2d_grad_filter`; one without it is computed directly. Where `fused`,
    as filters' gradients always are, the kernel transforms its input's windows itself; else a relayout kernel does.
  }];
  let parameters = (ins "int64_t":$tile, "int64_t":$group, DefaultValuedParameter<"bool", "false">:$fused);
  let assemblyFormat = "`<` $tile `,` $group (`fused` $fused^)? `>`";
  let genVerifyDecl = 1; // tile and group are at least 1
}

def Segment : I32Enum<"Segment", "which memory a slot lies in; the numbers are those of runtime/Abi.h", [
    I32EnumCase<"input", 0>, I32EnumCase<"output", 1>, I32EnumCase<"weights", 2>, I32EnumCase<"state", 3>,
    I32EnumCase<"workspace", 4>]> {
  let cppNamespace = "::skip::plan";
}

def SlotAttr : PlanAttr<"Slot", "slot"> {
  let summary = "a buffer's place: segment, which of the inputs or outputs, byte offset and size at the bounds";
  let description = [{
    `imageBytes`, where a section takes some of the batch's images at a time and the buffer holds all of them, is the distance from
    one image to the next; else 0: the kernel works from the buffer's beginning.
  }];
  let parameters = (ins EnumParameter<Segment>:$segment, "int64_t":$index, "int64_t":$offset, "int64_t":$bytes,
                        DefaultValuedParameter<"int64_t", "0">:$imageBytes);
  let assemblyFormat = "`<` $segment `[` $index `]` `+` $offset `bytes` $bytes (`image` $imageBytes^)? `>`";
}

def ScheduleModel : AttrInterface<"ScheduleModel"> {
  let cppNamespace = "::skip::plan";
  let description = [{
    By which algorithms and schedules a target computes, and which are predicted or known to be the fastest. A target without
    algorithms besides the direct one has only to choose schedules and to check them.
  }];
  let methods = [
    InterfaceMethod<"Gives the contractions of a function, which stand in no kernel yet, `plan.tuned` and the algorithm by `table` "
                    "(`plan.tuning`), for runs of up to `images` images; what is not legal is passed over.",
      "void", "applyTuning", (ins "::mlir::Operation *":$function, "int64_t":$images, "::mlir::DictionaryAttr":$table, "bool":$exact),
      [{}], [{ return; }]>,
    InterfaceMethod<"Gives each contraction, none of them tuned, `plan.algorithm`, unless the direct one is predicted to be the fastest.",
      "void", "chooseAlgorithms", (ins "::llvm::ArrayRef<::mlir::Operation *>":$contractions, "int64_t":$images), [{}], [{ return; }]>,
    InterfaceMethod<"In how many parts each of these filters' gradients, which have their algorithms, is computed for `images` images, so "
                    "that threads can share them: another result for each, and the parts are added in order.",
      "::llvm::SmallVector<int64_t>", "gradientParts", (ins "::llvm::ArrayRef<::mlir::Operation *>":$gradients, "int64_t":$images),
      [{}], [{ return ::llvm::SmallVector<int64_t>(gradients.size(), 1); }]>,
    InterfaceMethod<"Bytes of one image that an algorithm may need beside the operands and results of an operation.",
      "int64_t", "windowBytes", (ins "::mlir::Operation *":$op), [{}], [{ return 0; }]>,
    InterfaceMethod<"How many blocks of input channels lie between the two of a pair that schedules of the kernel may add up; 0 where "
                    "none may. Its filters then have factors for such pairs.",
      "int64_t", "pairDistance", (ins "::mlir::Operation *":$kernel), [{}], [{ return 0; }]>,
    InterfaceMethod<"Whether a schedule adds up pairs of channels.", "bool", "addsPairs", (ins "::mlir::Attribute":$schedule),
      [{}], [{ return false; }]>,
    InterfaceMethod<"Into how many addends, each of a share of its products, a contraction's sums are best cut for runs of up to "
                    "`images` images, since it has fewer sums than the machine can compute at a time; 1 where they are not cut.",
      "int64_t", "partsOf", (ins "::mlir::Operation *":$kernel, "int64_t":$images), [{}], [{ return 1; }]>,
    InterfaceMethod<"Gives kernels, whose layouts are assigned, their schedules for runs of up to `images` images; where `exact`, "
                    "none with other roundings than a plain sum's. Of all of a function at once, since most are alike.",
      "void", "chooseSchedules", (ins "::llvm::ArrayRef<::mlir::Operation *>":$kernels, "int64_t":$images, "bool":$exact)>,
    InterfaceMethod<"What a turn of a kernel, whose schedules are chosen, takes for so many images, in units of the target's own; what all "
                    "plans of a model take alike may be left out, and 0 says nothing.",
      "double", "predictedCost", (ins "::mlir::Operation *":$kernel, "int64_t":$images), [{}], [{ return 0; }]>,
    InterfaceMethod<"Whether `schedule` computes the kernel in a column, to the last element.",
      "bool", "computes", (ins "::mlir::Attribute":$schedule, "::mlir::Operation *":$kernel, "int64_t":$images, "size_t":$column)>,
  ];
}

def Precision : I32Enum<"Precision", "what contractions multiply; all add in f32", [
    I32EnumCase<"f32", 0>, I32EnumCase<"tf32", 1>, I32EnumCase<"f16", 2>, I32EnumCase<"bf16", 3>]> {
  let cppNamespace = "::skip::plan";
}

def TargetInterface : AttrInterface<"TargetInterface", [ScheduleModel]> {
  let cppNamespace = "::skip::plan";
  let description = [{
    What passes ask of what a plan is made for: memory and layouts here, and its schedule model. A column is what one schedule of
    each kernel is chosen for.
  }];
  let methods = [
    InterfaceMethod<"The names of the columns, in the order of a kernel's schedules.",
      "::llvm::SmallVector<::llvm::StringRef>", "columns", (ins)>,
    InterfaceMethod<"The layout of activations that kernels write.", "::skip::plan::LayoutKind", "nativeLayout", (ins)>,
    InterfaceMethod<"What contractions multiply.", "::skip::plan::Precision", "precision", (ins), [{}],
      [{ return ::skip::plan::Precision::f32; }]>,
    InterfaceMethod<"What kernels store activations as; vectors and the caller's arrays are f32.",
      "::skip::plan::Element", "element", (ins), [{}], [{ return ::skip::plan::Element::f32; }]>,
    InterfaceMethod<"What filters are stored as.", "::skip::plan::Element", "filterElement", (ins), [{}],
      [{ return ::skip::plan::Element::f32; }]>,
    InterfaceMethod<"Whether windows that reach out of a picture read zeros that lie around it; else kernels look at its bounds.",
      "bool", "hasHalos", (ins)>,
    InterfaceMethod<"Whether contractions read the caller's planar arrays; else only copies do.", "bool", "readsPlanar", (ins)>,
    InterfaceMethod<"The layout of a filter that meets an input of layout `met` (a LayoutAttr), of so many channels.",
      "::skip::plan::LayoutKind", "filterLayout", (ins "::mlir::Attribute":$met, "int64_t":$channels)>,
    InterfaceMethod<"Bytes of which buffers and weights begin at a multiple.", "int64_t", "alignment", (ins)>,
    InterfaceMethod<"Bytes of activations that stay in memory that is much faster than the rest.", "int64_t", "nearBytes", (ins)>,
  ];
}

def Role : I32Enum<"Role", "what a function is for", [
    I32EnumCase<"run", 0>, I32EnumCase<"gradients", 1>, I32EnumCase<"update", 2>]> {
  let cppNamespace = "::skip::plan";
}
def RoleAttr : EnumAttr<PlanDialect, Role, "role"> {
  let assemblyFormat = "`<` $value `>`";
}

def StateAttr : PlanAttr<"State", "state"> {
  let summary = "the parts of what training changes, as runtime/training/TrainingImage.h has them";
  let description = [{
    Parameters that decay, up to `decayed` bytes; the others, up to `parameters`; running statistics; from `gradients` on the
    parameters' gradients, each as far from there as its parameter from the beginning; from `group` on a group's statistics; `bytes` in all.
  }];
  let parameters = (ins "int64_t":$decayed, "int64_t":$parameters, "int64_t":$gradients, "int64_t":$group, "int64_t":$bytes);
  let assemblyFormat = "`<` `decayed` $decayed `parameters` $parameters `gradients` $gradients `group` $group `bytes` $bytes `>`";
}

def ScheduleInterface : AttrInterface<"ScheduleInterface"> {
  let cppNamespace = "::skip::plan";
  let description = [{ One choice from a kernel family's schedule space. }];
  let methods = [
    InterfaceMethod<"For tables: its sizes, short.", "::std::string", "text", (ins)>,
    InterfaceMethod<"Whether builds expect that tuning has measured schedules of this kind: on x86, where it does so by itself.",
      "bool", "isTunable", (ins)>,
  ];
}

#endif

// The plan dialect's operations.
#ifndef SKIP_PLAN_OPS
#define SKIP_PLAN_OPS

include "ir/graph/GraphInterfaces.td"
include "ir/plan/Targets.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class PlanOp<string mnemonic, list<Trait> traits = []> : Op<PlanDialect, mnemonic, traits>;

def LayoutArray : TypedArrayAttrBase<LayoutAttr, "layouts">;
def SlotArray : TypedArrayAttrBase<SlotAttr, "slots">;

def KernelOp : PlanOp<"kernel", [Pure, IsolatedFromAbove, SingleBlock, DeclareOpInterfaceMethods<NamesResults>]> {
  let summary = "one step: a root with its prologue and epilogue as a region";
  let description = [{
    The region computes the results from the inputs in terms of the graph dialect. `layouts` and `slots` hold one entry for each
    input, then one for each result; `schedules` one for each ISA of the target. `kernel` is a name for people.
    `images` is how many of the batch's images are computed at a time: neighbouring kernels of one number form a section, which
    runs through all its steps for these images before it takes the next.
    Constraints: kernel-c1 the region's arguments have the inputs' types and its yield the results'; kernel-c2 `layouts` and
    `slots`, where present, have an entry for each input and result; kernel-c3 a contraction's picture, filter and bias are inputs.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, OptionalAttr<LayoutArray>:$layouts, OptionalAttr<SlotArray>:$slots,
                       OptionalAttr<ArrayAttr>:$schedules, OptionalAttr<StrAttr>:$kernel, OptionalAttr<I64Attr>:$images);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$inputs `:` functional-type($inputs, $outputs) attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    LayoutAttr inputLayout(unsigned index) { return ::llvm::cast<LayoutAttr>((*getLayouts())[index]); }
    LayoutAttr outputLayout(unsigned index) { return ::llvm::cast<LayoutAttr>((*getLayouts())[getInputs().size() + index]); }
    SlotAttr inputSlot(unsigned index) { return ::llvm::cast<SlotAttr>((*getSlots())[index]); }
    SlotAttr outputSlot(unsigned index) { return ::llvm::cast<SlotAttr>((*getSlots())[getInputs().size() + index]); }
    /// The operations of the region that can be roots: one, or two that accumulate into one result.
    ::llvm::SmallVector<::mlir::Operation *, 2> roots();
  }];
}

def YieldOp : PlanOp<"yield", [Pure, Terminator, ParentOneOf<["KernelOp"]>]> {
  let summary = "the results of a kernel";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "$values `:` type($values) attr-dict";
}

def RelayoutOp : PlanOp<"relayout", [Pure, SameOperandsAndResultType,
    DeclareOpInterfaceMethods<Costed>, Fusible, DeclareOpInterfaceMethods<LayoutAware, ["operandCost"]>]> {
  let summary = "the same values in another layout";
  let arguments = (ins AnyRankedTensor:$x);
  let results = (outs AnyRankedTensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def LoadKind : I32Enum<"LoadKind", "what a load-table entry writes; the numbers are those of runtime/Abi.h", [
    I32EnumCase<"conv_weight", 0>, I32EnumCase<"bias", 1>, I32EnumCase<"scale", 2>]> {
  let cppNamespace = "::skip::plan";
}
def LoadKindAttr : EnumAttr<PlanDialect, LoadKind, "load_kind">;

def LoadOp : PlanOp<"load", [Pure]> {
  let summary = "an entry of the load table: parameters folded and packed into the weights segment";
  let description = [{
    The formulas are those of `SkipLoadKind` in runtime/Abi.h. With `onto`, the entry adds to what that entry wrote, in its slot.
    `dims` is {oc, ic, kh, kw}, of a vector {oc, 1, 1, 1}. With `balance` the factors of runtime/Balance.h follow the filter;
    `norms` are gamma and beta of each batch norm whose sum the filter's input is, where that is known.
  }];
  let arguments = (ins Optional<AnyRankedTensor>:$onto, LoadKindAttr:$kind, LayoutAttr:$layout, DenseI64ArrayAttr:$dims,
      OptionalAttr<FlatSymbolRefAttr>:$source, OptionalAttr<FlatSymbolRefAttr>:$bias, OptionalAttr<FlatSymbolRefAttr>:$gamma,
      OptionalAttr<FlatSymbolRefAttr>:$beta, OptionalAttr<FlatSymbolRefAttr>:$mean, OptionalAttr<FlatSymbolRefAttr>:$variance,
      DefaultValuedAttr<F64Attr, "0.0">:$epsilon, DefaultValuedAttr<I64Attr, "0">:$balance,
      OptionalAttr<FlatSymbolRefArrayAttr>:$norms, OptionalAttr<SlotAttr>:$slot);
  let results = (outs AnyRankedTensor:$value);
  let assemblyFormat = "$kind (`onto` $onto^ `:` type($onto))? attr-dict `:` type($value)";
}

#endif

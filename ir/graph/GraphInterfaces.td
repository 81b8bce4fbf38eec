// The op interfaces through which passes act on the graph dialect, so that no pass lists operation names.
#ifndef SKIP_GRAPH_INTERFACES
#define SKIP_GRAPH_INTERFACES

include "mlir/IR/OpBase.td"

def Evaluable : OpInterface<"Evaluable"> {
  let cppNamespace = "::skip::graph";
  let description = [{ The reference semantics of an operation, in double precision (ir/reference). }];
  let methods = [
    InterfaceMethod<"Computes the results from the operands; shapes are those of the types with the batch filled in.",
      "::std::vector<::skip::reference::Tensor>", "evaluate", (ins "::llvm::ArrayRef<const ::skip::reference::Tensor *>":$operands)>,
  ];
}

def Costed : OpInterface<"Costed"> {
  let cppNamespace = "::skip::graph";
  let description = [{ What an operation costs for one image. No kernel begins with one that does not say it (Fusible::canBeRoot). }];
  let methods = [
    InterfaceMethod<"Multiply-adds for one image as the paper counts them: convolutions, linear layers and their gradients count, nothing else does.",
      "int64_t", "multiplyAdds">,
  ];
}

def Fusible : OpInterface<"Fusible"> {
  let cppNamespace = "::skip::graph";
  let description = [{ The roles that an operation may take in a kernel. }];
  let methods = [
    InterfaceMethod<"The operation can start a kernel: it is the contraction, window or movement that the loops are built around.",
      "bool", "canBeRoot", (ins), [{}], [{ return ConcreteOp::template hasTrait<::skip::graph::Costed::Trait>(); }]>,
    InterfaceMethod<"A kernel around this root can apply elementwise operations to its result before it is stored.",
      "bool", "takesEpilogue", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"Two such roots whose results are added can accumulate into the same registers.",
      "bool", "accumulates", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"The operation is elementwise: it can stand in the epilogue of a root.",
      "bool", "canBeEpilogue", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"An elementwise operation can stand behind a contraction; else only in a kernel that is elementwise altogether.",
      "bool", "joinsContractions", (ins), [{}], [{ return true; }]>,
    InterfaceMethod<"The operation only selects elements: it can stand in the prologue of a root that takes one.",
      "bool", "canBePrologue", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"A kernel around this root can take its input through a prologue.",
      "bool", "takesPrologue", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"The operation needs all images of the batch at once: its kernel cannot take a few at a time.",
      "bool", "readsBatch", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<"Prints what code for this operation is specialised by: all that run-time extents and strides cannot say.",
      "void", "printStructure", (ins "::llvm::raw_ostream &":$os), [{}],
      [{ os << $_op.getOperation()->getName().stripDialect(); }]>,
  ];
}

def LayoutAware : OpInterface<"LayoutAware"> {
  let cppNamespace = "::skip::graph";
  let description = [{
    Which layouts an operation takes and at what cost. Targets have families of activation layout (LayoutFamily.h); each may carry
    a halo of zeros around the picture.
  }];
  let methods = [
    InterfaceMethod<"Extra work, in elements moved or wasted for one image, of reading operand `index` in a layout of `family`; none: impossible.",
      "::std::optional<int64_t>", "operandCost", (ins "unsigned":$index, "::skip::graph::LayoutFamily":$family), [{}],
      [{ return family.isPlanar() ? std::nullopt : std::optional<int64_t>(0); }]>,
    InterfaceMethod<"Zeros that must surround the picture of operand `index`, in pixels on each side.",
      "int64_t", "requiredHalo", (ins "unsigned":$index), [{}], [{ return 0; }]>,
  ];
}

def Contraction : OpInterface<"Contraction"> {
  let cppNamespace = "::skip::graph";
  let description = [{ A convolution, or a linear layer as one whose filter covers the whole picture that it flattens. }];
  let methods = [
    InterfaceMethod<"The picture that it reads, or the vector; a flatten on the way is passed over.", "::mlir::Value", "getPicture">,
    InterfaceMethod<"Its parameter [O, I, kh, kw], or [O, K].", "::mlir::Value", "getFilter">,
    InterfaceMethod<"[O], or null.", "::mlir::Value", "getBias">,
    InterfaceMethod<"", "::skip::graph::ContractionSizes", "getSizes">,
  ];
}

def Differentiable : OpInterface<"Differentiable"> {
  let cppNamespace = "::skip::graph";
  let description = [{ An operation whose gradients are operations of this dialect. }];
  let methods = [
    InterfaceMethod<[{Adds operations that compute the gradients of the operands. `gradients` has one entry for each result, null for
                      one that the loss does not depend on; of a loss, whose gradient is one, it is null. Of operands that are not
                      `wanted` the gradient may be null; null for one that is wanted: there is no such gradient.}],
      "::llvm::SmallVector<::mlir::Value>", "differentiate",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::llvm::ArrayRef<::mlir::Value>":$gradients,
           "::llvm::ArrayRef<bool>":$wanted)>,
  ];
}

def NamesResults : OpInterface<"NamesResults"> {
  let cppNamespace = "::skip::graph";
  let description = [{ An operation of which each result has a name of its own (graph::valueName). }];
  let methods = [
    InterfaceMethod<"The name of the result `index`.", "::std::string", "nameOf", (ins "unsigned":$index)>,
  ];
}

def LoadTime : OpInterface<"LoadTime"> {
  let cppNamespace = "::skip::graph";
  let description = [{
    The operation computes on parameters alone. Where none of them changes (graph::isLoadTime), it becomes part of the load table,
    not of the plan.
  }];
}

#endif

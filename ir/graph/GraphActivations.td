// Activations besides relu, and the gradients of each: elementwise, so that they stand in other kernels' epilogues.
#ifndef SKIP_GRAPH_ACTIVATIONS
#define SKIP_GRAPH_ACTIVATIONS

include "ir/graph/GraphOps.td"

class ElementwiseOp<string mnemonic, list<Trait> traits = []> : GraphValueOp<mnemonic, !listconcat([
    DeclareOpInterfaceMethods<Fusible, ["canBeEpilogue", "takesEpilogue"]>, LayoutAware], traits)>;

class ActivationOp<string mnemonic> : ElementwiseOp<mnemonic, [DeclareOpInterfaceMethods<Differentiable>]> {
  let arguments = (ins RankedF32:$x);
  let assemblyFormat = "$x attr-dict `:` functional-type(operands, results)";
}

// Constraint NAME-c1: dy and the value of the forward run have one shape.
class ActivationGradOp<string mnemonic> : ElementwiseOp<mnemonic> {
  let arguments = (ins RankedF32:$dy, RankedF32:$x_forward);
  let assemblyFormat = "$dy `,` $x_forward attr-dict `:` functional-type(operands, results)";
}

def SigmoidOp : ActivationOp<"sigmoid"> { let summary = "1 / (1 + exp(-x))"; }
def SiluOp : ActivationOp<"silu"> { let summary = "x sigmoid(x)"; }
def GeluOp : ActivationOp<"gelu"> { let summary = "x P(x), P the normal distribution's: (1 + erf(x / sqrt 2)) / 2"; }
def HardSigmoidOp : ActivationOp<"hard_sigmoid"> { let summary = "min(max(x + 3, 0), 6) / 6"; }
def HardSwishOp : ActivationOp<"hard_swish"> { let summary = "x hard_sigmoid(x)"; }
def MishOp : ActivationOp<"mish"> { let summary = "x tanh(log(1 + exp(x)))"; }

def LeakyReluOp : ElementwiseOp<"leaky_relu", [DeclareOpInterfaceMethods<Differentiable>]> {
  let summary = "x, and slope * x where x < 0";
  let description = [{ Constraint leaky_relu-c1: the slope is finite. }];
  let arguments = (ins RankedF32:$x, F64Attr:$slope);
  let assemblyFormat = "$x `slope` $slope attr-dict `:` functional-type(operands, results)";
}

def PreluOp : ElementwiseOp<"prelu", [DeclareOpInterfaceMethods<Differentiable>]> {
  let summary = "x, and slope[c] * x where x < 0";
  let description = [{ Constraint prelu-c1: the slope is [C]. }];
  let arguments = (ins RankedF32:$x, Vector:$slope);
  let assemblyFormat = "$x `,` $slope attr-dict `:` functional-type(operands, results)";
}

def SigmoidGradInputOp : ActivationGradOp<"sigmoid_grad_input"> {
  let summary = "dy * y * (1 - y), y sigmoid's result";
  let arguments = (ins RankedF32:$dy, RankedF32:$y_forward);
  let assemblyFormat = "$dy `,` $y_forward attr-dict `:` functional-type(operands, results)";
}
def SiluGradInputOp : ActivationGradOp<"silu_grad_input"> { let summary = "dy * s * (1 + x * (1 - s)), s = sigmoid(x)"; }
def GeluGradInputOp : ActivationGradOp<"gelu_grad_input"> {
  let summary = "dy * (P(x) + x p(x)), P and p the normal distribution's and its density";
}
def HardSigmoidGradInputOp : ActivationGradOp<"hard_sigmoid_grad_input"> { let summary = "dy / 6 where -3 < x < 3, else 0"; }
def HardSwishGradInputOp : ActivationGradOp<"hard_swish_grad_input"> {
  let summary = "dy * (x / 3 + 1/2), but 0 where x < -3 and dy where x > 3";
}

def MishGradInputOp : ActivationGradOp<"mish_grad_input"> {
  let summary = "dy * (t + x * (1 - t^2) * sigmoid(x)), t = tanh(log(1 + exp(x)))";
}

def LeakyReluGradInputOp : ElementwiseOp<"leaky_relu_grad_input"> {
  let summary = "dy, and slope * dy where x < 0";
  let description = [{ Constraint leaky_relu_grad_input-c1: dy and x have one shape. }];
  let arguments = (ins RankedF32:$dy, RankedF32:$x_forward, F64Attr:$slope);
  let assemblyFormat = "$dy `,` $x_forward `slope` $slope attr-dict `:` functional-type(operands, results)";
}

def PreluGradInputOp : ElementwiseOp<"prelu_grad_input"> {
  let summary = "dy, and slope[c] * dy where x < 0";
  let description = [{ Constraint prelu_grad_input-c1: dy and x have one shape, and the slope is [C]. }];
  let arguments = (ins RankedF32:$dy, RankedF32:$x_forward, Vector:$slope);
  let assemblyFormat = "$dy `,` $x_forward `,` $slope attr-dict `:` functional-type(operands, results)";
}

def PreluGradTermsOp : ActivationGradOp<"prelu_grad_terms"> {
  let summary = "dy * min(x, 0): what a slope's gradient is the sum of";
}

def MultiplyOp : ElementwiseOp<"multiply", [Commutative, DeclareOpInterfaceMethods<Differentiable>]> {
  let summary = "a * b, element by element: a gate; and what the gradient of a channel's factor is the sum of";
  let description = [{ Constraint multiply-c1: both have one shape. }];
  let arguments = (ins RankedF32:$a, RankedF32:$b);
  let assemblyFormat = "$a `,` $b attr-dict `:` functional-type(operands, results)";
}

#endif

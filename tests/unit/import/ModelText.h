// ONNX files from a few lines of text, for tests.
//
//   opset 17
//   input image N 3 8 8
//   output logits N 4
//   weight conv1.weight 4 3 3 3           random numbers of 0.5 to 1, the same for the same name
//   ints shape 0 -1                       a constant of whole numbers
//   floats zero 0                         a constant of one number
//   node Conv image conv1.weight > v1 pads=1,1,1,1 epsilon=1e-5 mode=edge name=/a/b/Conv domain=x
//                                         module=a.b, which PyTorch's newer exporter would note
//
// An input `-` is left out. Attributes are whole numbers, several of them with commas (one with a comma behind it), numbers
// with a point or an exponent, or else texts. Lines that are none of these mean nothing.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <string>

namespace skip::test {

/// The bytes of the file.
std::string onnxFile(llvm::StringRef text);

} // namespace skip::test

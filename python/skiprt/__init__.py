"""Runs libraries that the Skip compiler made, on numpy arrays.

    import skiprt

    model = skiprt.load("libresnet50.so")
    logits = model.run(images)          # float32, (n, 3, 224, 224)

    model = skiprt.compile("resnet50", weights="resnet50.safetensors", batch=[1, 8])

A library is the compiled model and its runtime in one file, which needs nothing but libc; this package is plain Python around it.
"""
from ._build import CompilerError, CompilerWarning, compile
from ._errors import (BadWeights, Busy, DriverError, InvalidArgument, IoError, NoDevice, NoWeights, OutOfMemory, SkipError, SystemError,
                      UnsupportedCpu)
from ._model import Model, Picture, Step, Tensor, load

__all__ = ["BadWeights", "Busy", "CompilerError", "CompilerWarning", "DriverError", "InvalidArgument", "IoError", "Model", "NoDevice", "NoWeights", "OutOfMemory",
           "Picture", "SkipError", "Step", "SystemError", "Tensor", "UnsupportedCpu", "compile", "load"]
__version__ = "0.1.0"

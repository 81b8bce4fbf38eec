"""A model of a library: what it takes and gives, its weights, its runs."""
import ctypes
import os
import threading
from contextlib import contextmanager
from ctypes import c_void_p
from typing import NamedTuple

import numpy as np

from ._library import ContextOptions, Library, ModelOptions, Observer, Owned, TensorInfo


class Tensor(NamedTuple):
    """An input or output: float32, one image of `shape` for each of a run."""
    name: str
    shape: "tuple[int, ...]"


class Step(NamedTuple):
    """What a step of a run took, all of its turns together."""
    name: str
    seconds: float


class _Runner:
    """A context with threads of its own; serves one run at a time."""

    def __init__(self, library: Library, model: Owned, threads: int):
        self.library, self.weights = library, None
        options, needs = ContextOptions(), [model]
        if threads != 1:
            pool = library.made(library.pool_create, library.pool_destroy, threads)
            options.pool = pool._as_parameter_
            needs.append(pool)
        self.needs = needs
        self.context = library.made(library.context_create, library.context_destroy, model, None, ctypes.byref(options), needs=needs)

    def bind(self, weights: Owned) -> None:
        if self.weights is not weights:
            self.library.check(self.library.context_bind(self.context, weights))
            self.context.needs = (*self.needs, weights)
            self.weights = weights


class Model:
    """A compiled model. Any number of threads may call it at once: each run has a context of its own, and weights are shared."""

    def __init__(self, library: Library, target: "str | None", device: int, threads: int):
        if threads < 0:
            raise ValueError("threads: 0 for as many as the process may use, or how many")
        self._library = library
        self._threads = threads
        self._lock = threading.Lock()
        self._idle: "list[_Runner]" = []
        self._weights: "Owned | None" = None
        options = ModelOptions(target.encode() if target else None, device)
        self._handle = library.made(library.model_create_for, library.model_destroy, ctypes.byref(options))
        self.name = library.name
        self.path = library.path
        self.target = library.model_target(self._handle).decode()
        self.isa = library.model_isa(self._handle).decode()
        self.max_batch = library.model_max_batch(self._handle)
        self.inputs = self._tensors(library.model_input_count, library.model_input)
        self.outputs = self._tensors(library.model_output_count, library.model_output)

    def __repr__(self):
        tensors = "; ".join(", ".join(f"{t.name} {list(t.shape)}" for t in side) for side in (self.inputs, self.outputs))
        return f"<skiprt.Model {self.name} on {self.target} ({self.isa}), up to {self.max_batch} images: {tensors}>"

    def _tensors(self, count, get) -> "list[Tensor]":
        tensors = []
        for index in range(count(self._handle)):
            info = TensorInfo()
            self._library.check(get(self._handle, index, ctypes.byref(info)))
            tensors.append(Tensor(info.name.decode(), tuple(info.dims[1:info.rank])))
        return tensors

    def load_weights(self, weights) -> None:
        """From a safetensors checkpoint or a packed weights file, given as a path or as bytes. Runs that have begun keep the weights that
        they have; later ones use these. Where the file is refused, the model keeps its weights."""
        library = self._library
        if isinstance(weights, (bytes, bytearray, memoryview)):
            content = np.frombuffer(weights, np.uint8)
            how = (library.weights_load_memory, library.weights_destroy, self._handle, content.ctypes.data, content.size)
        else:
            how = (library.weights_load_file, library.weights_destroy, self._handle, os.fsencode(weights))
        self._weights = library.made(*how, needs=[self._handle])

    def run(self, *inputs, out=None):
        """Runs n images. Each input is a C-contiguous float32 array of shape (n, *shape), normalised; they are given in the model's
        order. Returns the output, or where the model has several, a dict of them by name. `out`: arrays to write them to, in order.
        Nothing is copied, and other Python threads go on meanwhile."""
        n = self._check_inputs(inputs)
        outputs = self._make_outputs(n, out)
        with self._runner() as runner:
            self._library.check(self._library.run(runner.context, n, _pointers(inputs), _pointers(outputs)))
        if len(outputs) == 1:
            return outputs[0]
        return dict(zip((tensor.name for tensor in self.outputs), outputs))

    def time_steps(self, *inputs) -> "list[Step]":
        """Runs as `run` does and returns what each step took, in their order."""
        n = self._check_inputs(inputs)
        names, seconds = {}, {}

        def hear(_, event):
            step = event.contents
            names[step.index] = step.name.decode()
            seconds[step.index] = seconds.get(step.index, 0.0) + step.seconds

        observer, library = Observer(hear), self._library
        with self._runner() as runner:
            library.check(library.context_observe(runner.context, observer, None))
            try:
                library.check(library.run(runner.context, n, _pointers(inputs), _pointers(self._make_outputs(n, None))))
            finally:
                library.check(library.context_observe(runner.context, Observer(), None))
        return [Step(names[index], seconds[index]) for index in sorted(names)]

    def normalize(self, pictures, out=None):
        """The first input for n pictures of its size: (value / 255 - mean) / std of a uint8 array (n, height, width, 3), RGB."""
        shape = self.inputs[0].shape
        if len(shape) != 3 or shape[0] != 3:
            raise ValueError(f"the input {self.inputs[0].name} of shape {shape} is not a picture of three channels")
        if not isinstance(pictures, np.ndarray) or pictures.dtype != np.uint8:
            raise TypeError("pictures: a numpy array of uint8 is expected")
        if pictures.ndim != 4 or pictures.shape[1:] != (shape[1], shape[2], 3) or not pictures.flags.c_contiguous:
            raise ValueError(f"pictures of shape {pictures.shape}: (n, {shape[1]}, {shape[2]}, 3) is expected, C-contiguous")
        n = pictures.shape[0]
        if out is None:
            out = np.empty((n, *shape), np.float32)
        _check_array("out", out, n, shape)
        self._library.check(self._library.normalize_rgb8(self._handle, pictures.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)), n, shape[1],
                                                         shape[2], out.ctypes.data))
        return out

    def _check_inputs(self, inputs) -> int:
        if len(inputs) != len(self.inputs):
            raise TypeError(f"{self.name} takes {len(self.inputs)} inputs ({', '.join(t.name for t in self.inputs)}), {len(inputs)} were given")
        n = inputs[0].shape[0] if isinstance(inputs[0], np.ndarray) and inputs[0].ndim else 0
        for tensor, array in zip(self.inputs, inputs):
            _check_array(tensor.name, array, n, tensor.shape)
        return n

    def _make_outputs(self, n: int, out):
        if out is None:
            return [np.empty((n, *tensor.shape), np.float32) for tensor in self.outputs]
        outputs = [out] if isinstance(out, np.ndarray) else list(out)
        if len(outputs) != len(self.outputs):
            raise TypeError(f"out: {self.name} has {len(self.outputs)} outputs, {len(outputs)} arrays were given")
        for tensor, array in zip(self.outputs, outputs):
            _check_array(tensor.name, array, n, tensor.shape)
            if not array.flags.writeable:
                raise ValueError(f"{tensor.name}: the array to write to is read-only")
        return outputs

    @contextmanager
    def _runner(self):
        """A context for one run: one that is idle, or a new one."""
        with self._lock:
            weights = self._weights
            runner = self._idle.pop() if self._idle else None
        runner = runner or _Runner(self._library, self._handle, 1 if self.target != "x86" else self._threads)
        try:
            if weights is None:
                weights = self._embedded()
            runner.bind(weights)
            yield runner
        finally:
            with self._lock:
                self._idle.append(runner)

    def _embedded(self) -> Owned:
        library = self._library
        weights = library.made(library.weights_embedded, library.weights_destroy, self._handle, needs=[self._handle])
        with self._lock:
            self._weights = self._weights or weights
            return self._weights


def load(path, *, name=None, weights=None, target=None, device=0, threads=0) -> Model:
    """Opens a library that `skipc build` made.

    name: the model, where a library holds several. weights: a checkpoint to load, where none are embedded or others are wanted.
    target, device: `x86` or `cuda`, and which of its devices (default: the library's first target that runs here). threads: that each
    run uses; 0 for as many as the process may use.
    """
    model = Model(Library(os.path.abspath(os.fspath(path)), name), target, device, threads)
    if weights is not None:
        model.load_weights(weights)
    return model


def _check_array(name: str, array, n: int, shape: "tuple[int, ...]") -> None:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name}: a numpy array is expected, not {type(array).__name__}")
    if array.dtype != np.float32:
        raise TypeError(f"{name}: an array of float32 is expected, not of {array.dtype} (array.astype(numpy.float32))")
    if array.shape != (n, *shape):
        expected = ", ".join(map(str, ("n", *shape)))
        raise ValueError(f"{name}: shape {array.shape} was given, ({expected}) is expected, of the same n for all")
    if not array.flags.c_contiguous:
        raise ValueError(f"{name}: the array is not C-contiguous (numpy.ascontiguousarray)")


def _pointers(arrays):
    return (c_void_p * len(arrays))(*(array.ctypes.data for array in arrays))

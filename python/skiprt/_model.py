"""A model of a library: what it takes and gives, its weights, its runs."""
import ctypes
import os
import threading
import weakref
from contextlib import contextmanager
from ctypes import c_void_p
from typing import NamedTuple

import numpy as np

from ._arguments import check_array, check_output, integer, path as path_bytes, text
from ._errors import InvalidArgument, SkipError
from ._library import ContextOptions, Library, ModelOptions, Observer, Owned, PictureInfo, PreprocessOptions, TensorInfo
from ._pictures import rows_of
from ._signals import away_from_signals


class Tensor(NamedTuple):
    """An input or output: float32, one image of `shape` for each of a run."""
    name: str
    shape: "tuple[int, ...]"


class Picture(NamedTuple):
    """What an input makes of pictures. `resize`: the length of the shorter side, or (height, width) of the whole picture, or None."""
    channels: int
    size: "tuple[int, int]"
    resize: "int | tuple[int, int] | None"
    crop: "int | None"
    filter: str
    mean: "tuple[float, ...]"
    std: "tuple[float, ...]"


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

    def bind(self, weights: "Owned | None") -> None:
        if self.weights is not weights:
            self.library.check(self.library.context_bind(self.context, weights))
            self.context.needs[:] = [*self.needs, *([weights] if weights else [])]
            self.weights = weights


class Model:
    """A compiled model. Any number of threads may call it at once: each run has a context of its own, and weights are shared."""

    def __init__(self, library: Library, target: "str | None", device: int, threads: int):
        threads, device, target = integer("threads", threads), integer("device", device), text("target", target)
        if not 0 <= threads < 2**31:
            raise ValueError(f"threads: 0 for as many as the process may use, or how many, not {threads}")
        if not 0 <= device < 2**31:
            raise ValueError(f"device: a number from 0 on is expected, not {device}")
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
        self.pictures = {tensor.name: self._picture(index) for index, tensor in enumerate(self.inputs)}
        self.class_names = {tensor.name: self._class_names(index, tensor.shape) for index, tensor in enumerate(self.outputs)}
        _models.add(self)

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

    def _picture(self, index: int) -> "Picture | None":
        info = PictureInfo()
        try:
            self._library.check(self._library.model_picture(self._handle, index, ctypes.byref(info)))
        except InvalidArgument:
            return None  # the input takes no pictures
        resize = (info.resize_height, info.resize_width) if info.resize_width else info.resize or None
        # Of the float32 that a spec's number became, the number with the fewest digits.
        mean, std = (tuple(float(str(np.float32(value))) for value in numbers[:info.channels]) for numbers in (info.mean, info.std))
        return Picture(info.channels, (info.height, info.width), resize, info.crop or None, "bicubic" if info.bicubic else "bilinear", mean, std)

    def _class_names(self, output: int, shape) -> "list[str] | None":
        if len(shape) != 1:
            return None
        names = [self._library.model_class_name(self._handle, output, index) for index in range(shape[0])]
        return None if None in names else [name.decode(errors="replace") for name in names]

    def load_weights(self, weights) -> None:
        """From a safetensors checkpoint or a packed weights file, given as a path or as bytes. Runs that have begun keep the weights that
        they have; later ones use these. Where the file is refused, the model keeps its weights."""
        library = self._library
        if isinstance(weights, (bytes, bytearray, memoryview)):
            content = np.frombuffer(weights, np.uint8)
            how = (library.weights_load_memory, library.weights_destroy, self._handle, content.ctypes.data, content.size)
        else:
            how = (library.weights_load_file, library.weights_destroy, self._handle, path_bytes("weights", weights))
        made = library.made(*how, needs=[self._handle])
        with self._lock:
            self._weights = made
            idle, self._idle = self._idle, []
            for runner in idle:
                self._rest(runner)

    def run(self, *inputs, out=None, wanted=None):
        """Runs n images. Each input is a C-contiguous float32 array of shape (n, *shape), normalised; they are given in the model's
        order. Returns the output, or where the model has several, a dict of them by name. `out`: arrays to write them to, in order.
        `wanted`: the name of the one output that is wanted, which is returned; what is for the others alone is not computed. Nothing is
        copied, and other Python threads go on meanwhile."""
        n = self._check_inputs(inputs)
        if wanted is not None:
            return self._run_for(wanted, n, inputs, out)
        outputs = self._make_outputs(n, out)
        with self._runner() as runner:
            self._library.check(self._library.run(runner.context, n, _pointers(inputs), _pointers(outputs)))
        if len(outputs) == 1:
            return outputs[0]
        return dict(zip((tensor.name for tensor in self.outputs), outputs))

    def _run_for(self, wanted: str, n: int, inputs, out):
        tensors = [tensor for tensor in self.outputs if tensor.name == wanted]
        if not tensors:
            raise ValueError(f"{self.name} has no output {wanted!r}, but {', '.join(tensor.name for tensor in self.outputs)}")
        if out is None:
            out = np.empty((n, *tensors[0].shape), np.float32)
        check_output(tensors[0].name, out, n, tensors[0].shape)
        outputs = [out if tensor is tensors[0] else None for tensor in self.outputs]
        with self._runner() as runner:
            self._library.check(self._library.run(runner.context, n, _pointers(inputs), _pointers(outputs)))
        return out

    def time_steps(self, *inputs) -> "list[Step]":
        """Runs as `run` does and returns what each step took, in their order."""
        n = self._check_inputs(inputs)
        heard = {}  # by their plan, as a run may have parts

        def hear(_, event):
            step = event.contents
            key = step.plan, step.index
            heard[key] = Step(step.name.decode(), heard[key].seconds + step.seconds if key in heard else step.seconds)

        observer, library = Observer(hear), self._library
        with self._runner() as runner:
            library.check(library.context_observe(runner.context, observer, None))
            try:
                outputs = self._make_outputs(n, None)
                away_from_signals(lambda: library.check(library.run(runner.context, n, _pointers(inputs), _pointers(outputs))))
            finally:
                library.check(library.context_observe(runner.context, Observer(), None))
        return list(heard.values())

    def preprocess(self, picture, *, input=None, order=None, out=None):
        """The input for one picture of any size, of shape (1, channels, height, width): scaled, cut and normalised as the spec declares, bit for
        bit as `skipc run` does it.

        picture: an array of uint8, (height, width, 3) or (height, width, 4) or of grey (height, width), whose pixels lie side by side; or a
        PIL image of 8 bits a channel, or of 16 (I;16), of which the upper 8 count. input: the name of the input (default: the only one that
        takes pictures). order: of an array's channels, `rgb` (default), `bgr`, `rgba` or `grey`. out: an array to write to, (1, ...) or one image of a batch (batch[i:i + 1]).
        """
        index = self._picture_input(input)
        pixels, code, row_bytes = rows_of(picture, order)
        shape = self.inputs[index].shape
        if out is None:
            out = np.empty((1, *shape), np.float32)
        check_output("out", out, 1, shape)
        options = PreprocessOptions(index)
        self._library.check(self._library.preprocess_rgb8(self._handle, pixels.ctypes.data, pixels.shape[1], pixels.shape[0], row_bytes, code,
                                                          out.ctypes.data, ctypes.byref(options)))
        return out

    def _picture_input(self, name) -> int:
        if name is not None:
            if name not in self.pictures:
                raise ValueError(f"{self.name} has no input {name!r}, but {', '.join(self.pictures)}")
            return list(self.pictures).index(name)
        takers = [index for index, picture in enumerate(self.pictures.values()) if picture]
        if len(takers) != 1:
            raise ValueError(f"{self.name} has {len(takers)} inputs that take pictures" + (": give the name of one as input" if takers else ""))
        return takers[0]

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
        check_output("out", out, n, shape)
        self._library.check(self._library.normalize_rgb8(self._handle, pictures.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)), n, shape[1],
                                                         shape[2], out.ctypes.data))
        return out

    def _check_inputs(self, inputs) -> int:
        if len(inputs) != len(self.inputs):
            raise TypeError(f"{self.name} takes {len(self.inputs)} inputs ({', '.join(t.name for t in self.inputs)}), {len(inputs)} were given")
        n = inputs[0].shape[0] if isinstance(inputs[0], np.ndarray) and inputs[0].ndim else 0
        for tensor, array in zip(self.inputs, inputs):
            check_array(tensor.name, array, n, tensor.shape)
        return n

    def _make_outputs(self, n: int, out):
        if out is None:
            return [np.empty((n, *tensor.shape), np.float32) for tensor in self.outputs]
        if not isinstance(out, (np.ndarray, list, tuple)):
            raise TypeError(f"out: an array, or a list of arrays in the order of the outputs, is expected, not {type(out).__name__}")
        outputs = [out] if isinstance(out, np.ndarray) else list(out)
        if len(outputs) != len(self.outputs):
            raise TypeError(f"out: {self.name} has {len(self.outputs)} outputs, {len(outputs)} arrays were given")
        for tensor, array in zip(self.outputs, outputs):
            check_output(tensor.name, array, n, tensor.shape)
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
                self._rest(runner)

    def _rest(self, runner: _Runner) -> None:
        """Makes a context idle, with the lock held; weights that were replaced are not to live as long as it idles."""
        try:
            if runner.weights is not self._weights:
                runner.bind(None)
        except SkipError:
            return  # a device that failed: the context goes
        self._idle.append(runner)

    def _embedded(self) -> Owned:
        library = self._library
        weights = library.made(library.weights_embedded, library.weights_destroy, self._handle, needs=[self._handle])
        with self._lock:
            self._weights = self._weights or weights
            return self._weights


_models: "weakref.WeakSet[Model]" = weakref.WeakSet()


def _forget_runs() -> None:
    """In a forked process: the threads of idle contexts are the parent's, as is whoever holds a lock."""
    for model in _models:
        model._lock, model._idle = threading.Lock(), []


os.register_at_fork(after_in_child=_forget_runs)


def load(path, *, name=None, weights=None, target=None, device=0, threads=0) -> Model:
    """Opens a library that `skipc build` made.

    name: the model, where a library holds several. weights: a checkpoint to load, where none are embedded or others are wanted.
    target, device: `x86` or `cuda`, and which of its devices (default: the library's first target that runs here). threads: that each
    run uses; 0 for as many as the process may use.
    """
    path_bytes("path", path)
    model = Model(Library(os.path.abspath(os.fspath(path)), text("name", name)), target, device, threads)
    if weights is not None:
        model.load_weights(weights)
    return model


def _pointers(arrays):
    """Where arrays lie, null for None; they live as long as this."""
    pointers = (c_void_p * len(arrays))(*(None if array is None else array.ctypes.data for array in arrays))
    pointers.arrays = arrays
    return pointers

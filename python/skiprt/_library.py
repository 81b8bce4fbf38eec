"""A library's C functions, and the types of its header (ABI 2)."""
import ctypes
import mmap
import os
import re
import threading
import weakref
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint8, c_void_p

from ._errors import BY_STATUS, SkipError

MAX_RANK = 4


class TensorInfo(ctypes.Structure):
    _fields_ = [("name", c_char_p), ("rank", c_int32), ("dims", c_int64 * MAX_RANK)]


class PictureInfo(ctypes.Structure):
    _fields_ = [("channels", c_int32), ("height", c_int64), ("width", c_int64), ("resize", c_int32), ("resize_height", c_int32),
                ("resize_width", c_int32), ("crop", c_int32), ("bicubic", c_int32), ("mean", c_float * 3), ("std", c_float * 3)]


class PreprocessOptions(ctypes.Structure):
    _fields_ = [("input", c_int32), ("scratch", c_void_p), ("scratch_bytes", c_size_t)]


class StepEvent(ctypes.Structure):
    _fields_ = [("index", c_int64), ("name", c_char_p), ("seconds", c_double), ("results", POINTER(c_void_p)), ("result_count", c_int32),
                ("first_image", c_int64), ("images", c_int64), ("plan", c_int64)]


class ModelOptions(ctypes.Structure):
    _fields_ = [("target", c_char_p), ("device", c_int32)]


class ContextOptions(ctypes.Structure):
    _fields_ = [("max_batch", c_int64), ("workspace", c_void_p), ("workspace_bytes", c_size_t), ("pool", c_void_p),
                ("parallel_for", c_void_p), ("parallel_user", c_void_p), ("undivided", c_int32)]


Observer = ctypes.CFUNCTYPE(None, c_void_p, POINTER(StepEvent))
Arrays = POINTER(c_void_p)

# Result and arguments of each function behind the model's name.
FUNCTIONS = {
    "last_error": (c_char_p, []),
    "model_create_for": (c_int32, [POINTER(ModelOptions), POINTER(c_void_p)]),
    "model_destroy": (None, [c_void_p]),
    "model_target": (c_char_p, [c_void_p]),
    "model_isa": (c_char_p, [c_void_p]),
    "model_max_batch": (c_int64, [c_void_p]),
    "model_input_count": (c_int32, [c_void_p]),
    "model_output_count": (c_int32, [c_void_p]),
    "model_input": (c_int32, [c_void_p, c_int32, POINTER(TensorInfo)]),
    "model_output": (c_int32, [c_void_p, c_int32, POINTER(TensorInfo)]),
    "model_picture": (c_int32, [c_void_p, c_int32, POINTER(PictureInfo)]),
    "model_class_name": (c_char_p, [c_void_p, c_int32, c_int64]),
    "model_stack_bytes": (c_size_t, [c_void_p]),
    "weights_embedded": (c_int32, [c_void_p, POINTER(c_void_p)]),
    "weights_load_file": (c_int32, [c_void_p, c_char_p, POINTER(c_void_p)]),
    "weights_load_memory": (c_int32, [c_void_p, c_void_p, c_size_t, POINTER(c_void_p)]),
    "weights_destroy": (None, [c_void_p]),
    "pool_create": (c_int32, [c_int32, POINTER(c_void_p)]),
    "pool_threads": (c_int32, [c_void_p]),
    "pool_destroy": (None, [c_void_p]),
    "context_create": (c_int32, [c_void_p, c_void_p, POINTER(ContextOptions), POINTER(c_void_p)]),
    "context_bind": (c_int32, [c_void_p, c_void_p]),
    "context_observe": (c_int32, [c_void_p, Observer, c_void_p]),
    "context_destroy": (None, [c_void_p]),
    "run": (c_int32, [c_void_p, c_int64, Arrays, Arrays]),
    "preprocess_rgb8": (c_int32, [c_void_p, c_void_p, c_int64, c_int64, c_int64, c_int32, c_void_p, POINTER(PreprocessOptions)]),
    "normalize_rgb8": (c_int32, [c_void_p, POINTER(c_uint8), c_int64, c_int64, c_int64, c_void_p]),
}


def names_in(path: str) -> "list[str]":
    """The models whose functions a file's symbols name: NAME of each `NAME_model_create_for`."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content[:4] != b"\x7fELF":
                return []
            found = re.findall(rb"\0([A-Za-z_][A-Za-z0-9_]*)_model_create_for\0", content)
    return sorted({name.decode() for name in found})


# Of the files that were loaded: their device and inode, and when they were written, by the path that the loader knows them by.
_loaded: "dict[str, tuple[int, int, int]]" = {}
_loading = threading.Lock()


def _forget_loading() -> None:
    """In a forked process, where nobody is there to give the lock back."""
    global _loading
    _loading = threading.Lock()


os.register_at_fork(after_in_child=_forget_loading)


def _open(path: str) -> ctypes.CDLL:
    """The library that is at `path` now. The loader takes what it once loaded from a path for what is there, also when another file was put
    there, or a link turned; so each file has a spelling of its own. A file that was written over is no library any more."""
    with _loading:
        known = os.stat(path)
        identity = known.st_dev, known.st_ino, known.st_mtime_ns
        folder, name = os.path.split(path)
        spelling = path
        while _loaded.get(spelling, identity)[:2] != identity[:2]:
            folder = os.path.join(folder, ".")
            spelling = os.path.join(folder, name)
        if any(other[:2] == identity[:2] and other != identity for other in _loaded.values()):
            raise ValueError(f"{path} was written over while this process has it loaded: put a new file in its place (os.replace), as skipc does")
        dll = ctypes.CDLL(spelling, mode=os.RTLD_LOCAL)  # its calls release the interpreter's lock
        _loaded[spelling] = identity
        return dll


class Owned:
    """What a library made, until nothing refers to it any more; `needs` outlive it.

    Python ends objects in an order of its own where a cycle holds them, or where the interpreter ends, so no `__del__` may rely on what an
    object refers to. Here the order follows from who is reachable: the registry of finalizers holds `needs` until this one was destroyed,
    so none of them can be garbage before. What lives when the process ends is left to its end, for a thread may still be running it. So is
    what a forked process has of its parent: the threads that a pool's end waits for are not there.
    """

    def __init__(self, handle: c_void_p, destroy, needs=()):
        self._as_parameter_, self.needs = handle, list(needs)
        weakref.finalize(self, _destroy, destroy, handle, self.needs, os.getpid()).atexit = False


def _destroy(destroy, handle, _needs, process: int) -> None:
    if os.getpid() == process:
        destroy(handle)


class Library:
    """The functions of the model `name` in a shared library; each that returns a status raises instead."""

    def __init__(self, path: str, name: "str | None"):
        names = names_in(path)
        if not names:
            raise ValueError(f"{path} is no library that `skipc build` made for a model (lib<NAME>.so)")
        if name is None and len(names) > 1:
            raise ValueError(f"{path} holds several models, {', '.join(names)}: give one of them as name")
        if name is not None and name not in names:
            raise ValueError(f"{path} holds no model {name!r}, but {', '.join(names)}")
        self.name = name or names[0]
        self.path = path
        dll = _open(path)
        for key, (result, arguments) in FUNCTIONS.items():
            function = getattr(dll, f"{self.name}_{key}", None)
            if function is None:
                raise ValueError(f"{path} has no function {self.name}_{key}: it is of another version of skipc than this package is for")
            function.restype, function.argtypes = result, arguments
            setattr(self, key, function)

    def check(self, status: int) -> None:
        if status:
            text = self.last_error()
            raise BY_STATUS.get(status, SkipError)(status, text.decode(errors="replace") if text else f"status {status}")

    def made(self, create, destroy, *arguments, needs=()) -> Owned:
        """What a function creates that gives its result through its last argument."""
        handle = c_void_p()
        self.check(create(*arguments, ctypes.byref(handle)))
        return Owned(handle, destroy, needs)

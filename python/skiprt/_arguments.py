"""What callers give, as the C functions want it, or an error that names the argument."""
import operator
import os

import numpy as np


def integer(name: str, value) -> int:
    """Python's integers and numpy's."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: an integer is expected, not {value!r}") from None


def text(name: str, value) -> "str | None":
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name}: a text is expected, not {value!r}")
    if value is not None and "\0" in value:
        raise ValueError(f"{name}: a text without NUL is expected, not {value!r}")
    return value


def path(name: str, value) -> bytes:
    """A C function would end at a NUL, and open another file."""
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise ValueError(f"{name}: a path without NUL is expected, not {value!r}")
    return encoded


def check_array(name: str, array, n: int, shape: "tuple[int, ...]") -> None:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name}: a numpy array is expected, not {type(array).__name__}")
    if array.dtype != np.float32:
        raise TypeError(f"{name}: an array of float32 is expected, not of {array.dtype} (array.astype(numpy.float32))")
    if array.shape == shape:
        raise ValueError(f"{name}: shape {shape} is one image without the axis of the batch: give array[None], or batch[i:i + 1] for batch[i]")
    if array.shape != (n, *shape):
        expected = ", ".join(map(str, ("n", *shape)))
        raise ValueError(f"{name}: shape {array.shape} was given, ({expected}) is expected, of the same n for all, here {n}")
    if not array.flags.c_contiguous:
        raise ValueError(f"{name}: the array is not C-contiguous (numpy.ascontiguousarray)")


def check_output(name: str, array, n: int, shape: "tuple[int, ...]") -> None:
    check_array(name, array, n, shape)
    if not array.flags.writeable:
        raise ValueError(f"{name}: the array to write to is read-only")

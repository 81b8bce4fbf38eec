"""The first GPU by the driver's own calls, with nothing but Python's standard library. SKIP_CUDA_DRIVER names another driver."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

MAJOR, MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*
LOG_BYTES, INFO = 8192, {"log": 5, "bytes": 6}  # CU_JIT_ERROR_LOG_BUFFER and its size


class DriverError(RuntimeError):
    """A call of the driver that did not answer CUDA_SUCCESS."""


@dataclass(frozen=True)
class TensorMap:
    """What cuTensorMapEncodeTiled or, where there are corners, cuTensorMapEncodeIm2col is asked for. Strides are bytes; `box` is of
    tile mode, of im2col it is (channels, pixels)."""

    kind: int  # CU_TENSOR_MAP_DATA_TYPE_*
    dims: tuple[int, ...]
    strides: tuple[int, ...]
    box: tuple[int, ...]
    steps: tuple[int, ...]
    swizzle: int = 0  # 0 none, 1 to 3: 32, 64, 128 bytes
    fill: int = 0  # 1: NaN
    corners: tuple[tuple[int, ...], tuple[int, ...]] | None = None  # lower, upper


def _array(kind, values):
    return (kind * len(values))(*values)


class Device:
    """One context of its own, so that a fault can be left behind."""

    def __init__(self) -> None:
        name = os.environ.get("SKIP_CUDA_DRIVER", "libcuda.so.1")
        try:
            self.driver = ctypes.CDLL(name)
        except OSError as error:
            raise DriverError(f"no driver of GPUs: {error}") from error
        self.call("cuInit", 0)
        self.context = ctypes.c_void_p()
        self.call("cuCtxCreate_v2", ctypes.byref(self.context), 0, 0)

    def call(self, name: str, *arguments: object) -> None:
        result = getattr(self.driver, name)(*arguments)
        if result:
            text = ctypes.c_char_p()
            self.driver.cuGetErrorName(result, ctypes.byref(text))
            raise DriverError(f"{name} answers {text.value.decode() if text.value else result}")

    def close(self) -> None:
        self.driver.cuCtxDestroy_v2(self.context)  # of a dead context too, whatever it answers

    @property
    def name(self) -> str:
        text = ctypes.create_string_buffer(100)
        self.call("cuDeviceGetName", text, 100, 0)
        return text.value.decode()

    @property
    def architecture(self) -> int:
        """80 of sm_80."""
        parts = [ctypes.c_int(), ctypes.c_int()]
        for part, attribute in zip(parts, (MAJOR, MINOR)):
            self.call("cuDeviceGetAttribute", ctypes.byref(part), attribute, 0)
        return 10 * parts[0].value + parts[1].value

    def load(self, ptx: str) -> ctypes.c_void_p:
        log = ctypes.create_string_buffer(LOG_BYTES)
        options = _array(ctypes.c_int, [INFO["log"], INFO["bytes"]])
        values = _array(ctypes.c_void_p, [ctypes.addressof(log), LOG_BYTES])
        module = ctypes.c_void_p()
        try:
            self.call("cuModuleLoadDataEx", ctypes.byref(module), ptx.encode(), 2, options, values)
        except DriverError as error:
            raise DriverError(f"{error}: {log.value.decode(errors='replace').strip()}") from error
        return module

    def function(self, module: ctypes.c_void_p, name: str) -> ctypes.c_void_p:
        function = ctypes.c_void_p()
        self.call("cuModuleGetFunction", ctypes.byref(function), module, name.encode())
        return function

    def unload(self, module: ctypes.c_void_p) -> None:
        self.call("cuModuleUnload", module)

    def allocate(self, data: bytes) -> int:
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(len(data)))
        self.call("cuMemcpyHtoD_v2", address, data, ctypes.c_size_t(len(data)))
        return address.value

    def read(self, address: int, count: int) -> bytes:
        data = ctypes.create_string_buffer(count)
        self.call("cuMemcpyDtoH_v2", data, ctypes.c_uint64(address), ctypes.c_size_t(count))
        return data.raw

    def free(self, address: int) -> None:
        self.call("cuMemFree_v2", ctypes.c_uint64(address))

    def encode(self, wanted: TensorMap, address: int) -> ctypes.Array:
        """128 bytes that are passed by value, at a multiple of 64."""
        room = ctypes.create_string_buffer(128 + 64)
        at = -ctypes.addressof(room) % 64
        encoded = (ctypes.c_char * 128).from_buffer(room, at)
        shape = [_array(ctypes.c_uint64, wanted.dims), _array(ctypes.c_uint64, wanted.strides)]
        steps, tail = _array(ctypes.c_uint32, wanted.steps), [0, wanted.swizzle, 0, wanted.fill]
        first = [encoded, wanted.kind, len(wanted.dims), ctypes.c_void_p(address), *shape]
        if wanted.corners:
            corners = [_array(ctypes.c_int, corner) for corner in wanted.corners]
            self.call("cuTensorMapEncodeIm2col", *first, *corners, *wanted.box, steps, *tail)
        else:
            self.call("cuTensorMapEncodeTiled", *first, _array(ctypes.c_uint32, wanted.box), steps, *tail)
        return encoded

    def launch(self, function: ctypes.c_void_p, blocks: int, threads: int, arguments: list[object]) -> None:
        """And waits for its end."""
        pointers = _array(ctypes.c_void_p, [ctypes.addressof(argument) for argument in arguments])
        self.call("cuLaunchKernel", function, blocks, 1, 1, threads, 1, 1, 0, None, pointers, None)
        self.call("cuCtxSynchronize")

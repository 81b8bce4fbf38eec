"""Copies by the tensor memory unit: walks of tiles and of im2col, swizzles, what lies outside, stores, rows without a map, reductions.

The data are counted upwards, so that each byte of shared memory tells where it comes from. Shared memory is filled with a pattern
first and read back whole.
"""

from __future__ import annotations

import struct

from driver import TensorMap
from goldens.golden import Golden, wait

THREADS = 128
SIZES = {0: 1, 1: 2, 2: 4, 6: 2, 7: 4, 9: 2, 11: 4}  # of CU_TENSOR_MAP_DATA_TYPE_: u8, u16, u32, f16, f32, bf16, tf32
U8, U16, U32, F16, F32, BF16, TF32 = SIZES

# Name, kind, dims, box, steps, swizzle, fill, coordinates: the innermost first. im2col: box is (channels, pixels), corners, offsets.
TILES = [
    ("1d", U32, (96,), (64,), (1,), 0, 0, (16,)),
    ("1d, beyond both ends", U16, (40,), (64,), (1,), 0, 0, (-8,)),
    ("2d", BF16, (128, 20), (64, 16), (1, 1), 0, 0, (32, 3)),
    ("2d, swizzle 32", BF16, (64, 40), (16, 32), (1, 1), 1, 0, (16, 1)),
    ("2d, swizzle 64", BF16, (64, 40), (32, 32), (1, 1), 2, 0, (8, 2)),
    ("2d, swizzle 128", BF16, (128, 40), (64, 32), (1, 1), 3, 0, (64, 5)),
    ("2d, swizzle 128, bytes", U8, (256, 24), (128, 16), (1, 1), 3, 0, (48, 4)),
    ("2d, swizzle 128, tf32", TF32, (64, 24), (32, 16), (1, 1), 3, 0, (16, 4)),
    ("2d, outside below", BF16, (128, 20), (64, 16), (1, 1), 3, 0, (-24, -5)),
    ("2d, outside above", BF16, (120, 20), (64, 16), (1, 1), 3, 0, (88, 12)),
    ("2d, outside is NaN, bf16", BF16, (120, 20), (64, 16), (1, 1), 0, 1, (88, -4)),
    ("2d, outside is NaN, f16", F16, (120, 20), (64, 16), (1, 1), 0, 1, (88, -4)),
    ("2d, outside is NaN, f32", F32, (60, 20), (32, 16), (1, 1), 0, 1, (44, -4)),
    ("2d, all outside", BF16, (64, 20), (64, 8), (1, 1), 3, 0, (0, 40)),
    ("3d, steps", BF16, (64, 11, 9), (64, 8, 6), (1, 2, 3), 3, 0, (0, 1, -2)),
    ("4d", BF16, (32, 7, 6, 3), (32, 4, 3, 2), (1, 1, 1, 1), 2, 0, (0, -1, 4, 1)),
    ("5d", U16, (16, 4, 5, 3, 3), (16, 2, 3, 2, 2), (1, 1, 2, 1, 1), 1, 0, (0, 3, 1, -1, 2)),
]
PIXELS = [
    ("3x3 of 4d, pad 1", BF16, (64, 9, 7, 3), (64, 64), (1, 1, 1, 1), 3, ((-1, -1), (-1, -1)), (0, -1, -1, 0), (0, 0)),
    ("3x3 of 4d, the last tap", BF16, (64, 9, 7, 3), (64, 64), (1, 1, 1, 1), 3, ((-1, -1), (-1, -1)), (0, 2, 4, 0), (2, 2)),
    ("3x3 of 4d, width and height told apart", BF16, (64, 9, 7, 3), (64, 48), (1, 1, 1, 1), 3, ((-1, -2), (-1, 0)), (0, 3, 1, 1), (2, 1)),
    ("3x3 of 4d, stride 2", BF16, (64, 9, 7, 3), (64, 32), (1, 2, 2, 1), 3, ((-1, -1), (-1, -1)), (0, -1, -1, 0), (1, 2)),
    ("strides of each axis", BF16, (64, 9, 8, 3), (64, 24), (1, 2, 3, 1), 3, ((-1, 0), (0, -1)), (0, 1, 3, 0), (1, 0)),
    ("beyond the last picture", BF16, (64, 5, 5, 2), (64, 64), (1, 1, 1, 1), 3, ((0, 0), (0, 0)), (0, 0, 0, 1), (0, 0)),
    ("some channels, swizzle 64", BF16, (96, 6, 5, 2), (32, 40), (1, 1, 1, 1), 2, ((-1, -1), (-1, -1)), (64, 0, -1, 0), (1, 1)),
    ("channels beyond the last", BF16, (72, 6, 5, 2), (64, 24), (1, 1, 1, 1), 3, ((-1, -1), (-1, -1)), (32, 0, 0, 0), (0, 2)),
    ("tf32, swizzle 32, none", TF32, (32, 6, 5, 2), (8, 24), (1, 1, 1, 1), 1, ((0, 0), (0, 0)), (8, 1, 1, 0), (0, 0)),
    ("3d", BF16, (64, 20, 3), (64, 40), (1, 1, 1), 3, ((-2,), (-2,)), (0, -2, 0), (3,)),
    ("5d", BF16, (64, 5, 4, 3, 2), (64, 64), (1, 1, 1, 1, 1), 3, ((-1, -1, -1), (-1, -1, -1)), (0, -1, 0, -1, 0), (1, 0, 2)),
]


def _strides(kind: int, dims: tuple[int, ...]) -> tuple[int, ...]:
    strides, size = [], SIZES[kind]
    for dim in dims[:-1]:
        size = (size * dim + 15) // 16 * 16
        strides.append(size)
    return tuple(strides)


def _data(kind: int, wanted: TensorMap) -> bytes:
    """A number each, of the element's size; floats have a small exponent."""
    count = (wanted.strides[-1] if wanted.strides else SIZES[kind]) * wanted.dims[-1] // SIZES[kind]
    if kind in (F32, TF32):  # whole, so that tf32 holds them
        return struct.pack(f"<{count}f", *(float(i % 1021) for i in range(count)))
    return struct.pack(
        f"<{count}{'B' if SIZES[kind] == 1 else 'H' if SIZES[kind] == 2 else 'I'}",
        *((i * 7 + i // 251) % (251 if SIZES[kind] == 1 else 16381) for i in range(count)),
    )


def read_back(count: int) -> str:
    """All of shared memory, word j * THREADS + t as output j of thread t."""
    return "mov.u32 %r0, smem;\n  mad.lo.u32 %r0, %thread, 4, %r0;\n  " + "\n  ".join(
        f"ld.shared.b32 %o{j}, [%r0 + {4 * THREADS * j}];" for j in range(count)
    )


def filled(count: int) -> str:
    return "mov.u32 %r0, smem;\n  mad.lo.u32 %r0, %thread, 4, %r0;\n  mov.b32 %r1, 0xabababab;\n  " + "\n  ".join(
        f"st.shared.b32 [%r0 + {4 * THREADS * j}], %r1;" for j in range(count)
    )


BARRIER = ".shared .align 8 .b8 bar[8];\n  mov.u32 %r2, bar;\n  mov.u32 %r3, smem;\n  setp.eq.u32 %p0, %thread, 0;\n  "
READY = (
    "@%p0 mbarrier.init.shared.b64 [%r2], 1;\n  @%p0 fence.mbarrier_init.release.cluster;\n  fence.proxy.async;\n  bar.sync 0;\n  "
    "@%p0 mbarrier.arrive.expect_tx.shared.b64 %q0, [%r2], {bytes};\n  "
)
LANDED = "\n  " + wait("mbarrier.try_wait.parity.shared.b64 %p1, [%r2], 0") + "\n  "


def loaded(name: str, copy: str, bytes_: int, before: str = "", after: str = "", **more: object) -> Golden:
    """One thread asks for a copy of so many bytes into `smem` ([%r3]) that ends at the mbarrier [%r2]."""
    count = (bytes_ + 4 * THREADS - 1) // (4 * THREADS)
    body = BARRIER + filled(count) + "\n  " + READY.format(bytes=bytes_) + f"{before}@%p0 {copy};" + LANDED + read_back(count) + after
    return Golden(name=name, body=body, inputs="", outputs="w" * count, words=(), threads=THREADS, target="sm_90", shared=4 * THREADS * count, **more)


def _steps(wanted: TensorMap) -> int:
    """Bytes that the unit writes into shared memory."""
    size = SIZES[wanted.kind] * wanted.box[0]
    if wanted.corners:
        return size * wanted.box[1]
    for extent, step in zip(wanted.box[1:], wanted.steps[1:]):
        size *= (extent + step - 1) // step
    return size


def _vector(values: tuple[int, ...]) -> str:
    return "{" + ", ".join(map(str, values)) + "}"


def _loads() -> list[Golden]:
    made = []
    into = "shared::cluster.global"
    for name, kind, dims, box, steps, swizzle, fill, at in TILES:
        wanted = TensorMap(kind, dims, _strides(kind, dims), box, steps, swizzle, fill)
        copy = f"cp.async.bulk.tensor.{len(dims)}d.{into}.tile.mbarrier::complete_tx::bytes [%r3], [%map, {_vector(at)}], [%r2]"
        made.append(loaded(f"tensor map, tile {name}", copy, _steps(wanted), data=_data(kind, wanted), tensor_map=wanted))
    for name, kind, dims, box, steps, swizzle, corners, at, offsets in PIXELS:
        wanted = TensorMap(kind, dims, _strides(kind, dims), box, steps, swizzle, 0, corners)
        copy = (
            f"cp.async.bulk.tensor.{len(dims)}d.{into}.im2col.mbarrier::complete_tx::bytes [%r3], [%map, {_vector(at)}], [%r2], "
            f"{_vector(offsets)}"
        )
        made.append(loaded(f"tensor map, im2col {name}", copy, _steps(wanted), data=_data(kind, wanted), tensor_map=wanted))
    rows = "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r3], [%data], 1008, [%r2]"
    return made + [loaded("cp.async.bulk, rows", rows, 1008, data=bytes(i % 251 for i in range(2048)))]


def _stored(name: str, copy: str, bytes_: int, **more: object) -> Golden:
    count = bytes_ // (4 * THREADS)
    numbers = "mov.u32 %r0, smem;\n  mad.lo.u32 %r0, %thread, 4, %r0;\n  " + "\n  ".join(
        f"st.shared.b32 [%r0 + {4 * THREADS * j}], %i{j};" for j in range(count)
    )
    body = (
        f"{numbers}\n  fence.proxy.async;\n  bar.sync 0;\n  mov.u32 %r3, smem;\n  setp.eq.u32 %p0, %thread, 0;\n  @!%p0 bra done;\n  {copy};\n"
        "  cp.async.bulk.commit_group;\n  cp.async.bulk.wait_group.read 0;\n  cp.async.bulk.wait_group 0;\ndone:"
    )
    words = tuple(0x3F800000 + 0x1003 * i for i in range(THREADS * count))
    return Golden(
        name=name, body=body, inputs="w" * count, outputs="", words=words, threads=THREADS, target="sm_90", shared=bytes_, returns_data=True, **more
    )


def _stores() -> list[Golden]:
    made = []
    out = "global.shared::cta"
    for name, kind, dims, box, steps, swizzle, at in [
        ("2d, swizzle 128", BF16, (120, 40), (64, 32), (1, 1), 3, (88, 20)),
        ("2d", F32, (60, 12), (32, 8), (1, 1), 0, (16, -3)),
        ("4d, swizzle 64", BF16, (32, 7, 6, 3), (32, 4, 4, 2), (1, 1, 1, 1), 2, (0, 5, -1, 1)),
    ]:
        wanted = TensorMap(kind, dims, _strides(kind, dims), box, steps, swizzle)
        rank, data, size = len(dims), _data(kind, wanted), _steps(wanted)
        made.append(
            _stored(
                f"tensor map, store {name}",
                f"cp.async.bulk.tensor.{rank}d.{out}.tile.bulk_group [%map, {_vector(at)}], [%r3]",
                size,
                data=data,
                tensor_map=wanted,
            )
        )
        if kind == F32:
            made.append(
                _stored(
                    f"tensor map, add {name}",
                    f"cp.reduce.async.bulk.tensor.{rank}d.{out}.add.tile.bulk_group [%map, {_vector(at)}], [%r3]",
                    size,
                    data=data,
                    tensor_map=wanted,
                )
            )
    made.append(_stored("cp.async.bulk, store", f"cp.async.bulk.{out}.bulk_group [%data], [%r3], 512", 512, data=bytes(1024)))
    made.append(
        _stored(
            "cp.reduce.async.bulk, add",
            f"cp.reduce.async.bulk.{out}.bulk_group.add.f32 [%data], [%r3], 512",
            512,
            data=struct.pack("<256f", *range(256)),
        )
    )
    return made


def goldens() -> list[Golden]:
    return _loads() + _stores()

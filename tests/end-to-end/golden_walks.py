"""Where the tensor memory unit puts what: the PTX ISA's walks of tiles and of im2col, its swizzles and its fill, element by element."""
from __future__ import annotations

import itertools
import re
import struct

from driver import TensorMap
from goldens.golden import Golden
from goldens.tensors import SIZES

COPY = re.compile(r"cp\.async\.bulk\.tensor\.\dd\.shared::cluster\.global\.(?:tile|im2col)\.\S+ \[%r3\], \[%map, \{([-\d, ]+)\}\], \[%r2\](?:, \{([\d, ]+)\})?;")
UNTOUCHED, NAN = 0xAB, {2: b"\xff\x7f", 4: b"\xff\xff\xff\x7f"}


def _tile(wanted: TensorMap, at: list[int]) -> list[tuple[int, ...]]:
    """Coordinates of each row but the innermost, the second one fastest; of a box every step-th is there."""
    ranges = [range(start, start + extent, step) for start, extent, step in zip(at[1:], wanted.box[1:], wanted.steps[1:])]
    return [tuple(reversed(row)) for row in itertools.product(*reversed(ranges))]


def _pixels(wanted: TensorMap, at: list[int], offsets: list[int]) -> list[tuple[int, ...]]:
    """From a pixel on, through the bounding box between the corners, picture after picture; each pixel is then moved by the offsets."""
    lower, upper = wanted.corners
    inner = [range(low, extent + high, step) for low, high, extent, step in zip(lower, upper, wanted.dims[1:-1], wanted.steps[1:-1])]
    places = [tuple(reversed(place)) for place in itertools.product(*reversed(inner))]
    picture, start = at[-1], places.index(tuple(at[1:-1]))
    walked = [(place, n) for n in range(picture, picture + 1 + wanted.box[1] // len(places) + 1) for place in places][start:start + wanted.box[1]]
    return [(*(x + offset for x, offset in zip(place, offsets)), n) for place, n in walked]


def loaded(golden: Golden) -> list[int] | None:
    """Words of shared memory after one box was loaded; none of other goldens."""
    copy, wanted = COPY.search(golden.body), golden.tensor_map
    if not copy or not wanted:
        return None
    at, offsets = ([int(number) for number in (group or "").split(",") if number] for group in copy.groups())
    size, shared, place = SIZES[wanted.kind], bytearray([UNTOUCHED]) * golden.shared, 0
    for row in _pixels(wanted, at, offsets) if wanted.corners else _tile(wanted, at):
        for x in range(at[0], at[0] + wanted.box[0]):
            inside = all(0 <= c < extent for c, extent in zip((x, *row), wanted.dims))
            source = size * x + sum(c * stride for c, stride in zip(row, wanted.strides))
            to = place ^ (place >> 7 & (1 << wanted.swizzle) - 1) << 4  # 16-byte units of a row are permuted by the row's number
            shared[to:to + size] = golden.data[source:source + size] if inside else NAN[size] if wanted.fill else bytes(size)
            place += size
    return list(struct.unpack(f"<{len(shared) // 4}I", shared))

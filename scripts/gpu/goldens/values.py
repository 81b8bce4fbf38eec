"""Inputs: by a letter, a column of values that are hard on an instruction, then random ones, the same on every machine."""

from __future__ import annotations

import random
import struct

F32 = (
    0x00000000,
    0x80000000,
    0x3F800000,
    0xBF800000,
    0x7F800000,
    0xFF800000,
    0x7FC00001,
    0xFF800001,  # 0, 1, inf, NaN of both kinds
    0x00000001,
    0x807FFFFF,
    0x00800000,
    0x7F7FFFFF,
    0x3F7FFFFF,
    0x477FF000,
    0x477FEFFF,
    0x33000001,
)  # subnormals, ends of f32 and f16
F16 = (0x0000, 0x8000, 0x3C00, 0xBC00, 0x7C00, 0xFC00, 0x7E01, 0xFC01, 0x0001, 0x83FF, 0x0400, 0x7BFF, 0x3BFF, 0x3555, 0xC248, 0x1400)
BF16 = (0x0000, 0x8000, 0x3F80, 0xBF80, 0x7F80, 0xFF80, 0x7FC1, 0xFF81, 0x0001, 0x807F, 0x0080, 0x7F7F, 0x3F7F, 0x3EAB, 0xC049, 0x3280)
U32 = (0, 1, 2, 3, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFF, 0x10000, 0x8000, 0xFF, 31, 32, 0x01000001)
U64 = (0, 1, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 53) + 1, 7, 1 << 40)
DOUBLES = (0.0, -0.0, 1.0, -1.5, 2.0**-1074, 1e308, 1 + 2.0**-24, 1 + 2.0**-24 + 2.0**-52, 1e-45, 4e38)
EXPONENTS = (0.0, -0.0, 1.0, -1.0, 0.5, 127.99999, 128.0, -126.0, -126.5, -149.0, -149.5, -151.0, float("inf"), float("-inf"), float("nan"), 1e-30)
SHIFTS = (0, 1, 15, 16, 31, 32, 33, 63, 64, 255, 0xFFFFFFFF, 7)
WIDTH = {"h": "h", "b": "h", "k": "h", "q": "q", "d": "q", "p": "p"}  # of a letter's register; else "w"


def bits_of(value: float) -> int:
    return struct.unpack("<I", struct.pack("<f", value))[0]


def _float(draw: random.Random) -> int:
    """Any bits, or a number near 1, where sums and products of several round."""
    return draw.getrandbits(32) if draw.random() < 0.4 else draw.getrandbits(1) << 31 | (127 + draw.randint(-14, 14)) << 23 | draw.getrandbits(23)


def _tie(draw: random.Random) -> int:
    """Near the middle between two numbers of f16, bf16 or tf32, subnormal ones included."""
    low = draw.choice([0x1000, 0x0FFF, 0x1001, 0x3000, 0x8000, 0x7FFF, 0x8001, 0x18000, 0x00800000 >> draw.randint(1, 11)])
    return draw.getrandbits(1) << 31 | draw.choice([draw.randint(97, 145), 0, 1, 254]) << 23 | (draw.getrandbits(7) << 16 ^ low) & 0x7FFFFF


def _pair(values: tuple[int, ...], draw: random.Random) -> int:
    return draw.choice([draw.choice(values), draw.getrandbits(16)]) << 16 | draw.choice([draw.choice(values), draw.getrandbits(16)])


KINDS = {  # letter: what is hard, what is drawn
    "f": (F32, _float),
    "t": (F32, _tie),
    "e": (tuple(map(bits_of, EXPONENTS)), lambda draw: bits_of(draw.uniform(-155, 135))),
    "a": (tuple(map(bits_of, (0.0, -0.0, 1.0, -1.0, 3.0, -3.0))), lambda draw: bits_of(draw.uniform(-3, 3))),  # angles
    "h": (F16, lambda draw: draw.getrandbits(16)),
    "b": (BF16, lambda draw: draw.getrandbits(16)),
    "x": ((0x3C000001, 0x7C00FE01), lambda draw: _pair(F16, draw)),
    "y": ((0x3F800001, 0x7F80FFC1), lambda draw: _pair(BF16, draw)),
    "i": (U32, lambda draw: draw.getrandbits(32) >> draw.choice([0, 0, 8, 20])),
    "n": ((1, 2, 3, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 49), lambda draw: (draw.getrandbits(32) >> draw.randint(0, 31)) or 1),
    "s": (SHIFTS, lambda draw: draw.randint(0, 40)),
    "l": (tuple(range(32)), lambda draw: draw.randint(0, 31)),
    "k": ((0, 1, 0x7FFF, 0x8000, 0xFFFF, 16), lambda draw: draw.getrandbits(16)),
    "q": (U64, lambda draw: draw.getrandbits(64) >> draw.choice([0, 0, 31, 40])),
    "d": (
        tuple(struct.unpack("<Q", struct.pack("<d", value))[0] for value in DOUBLES),
        lambda draw: struct.unpack("<Q", struct.pack("<d", draw.gauss(0, 1) * 10.0 ** draw.randint(-42, 38)))[0],
    ),
    "p": ((0, 1), lambda draw: draw.getrandbits(1)),
}


def column(letter: str, place: int, threads: int, draw: random.Random) -> list[int]:
    """What operand `place` is in each thread: half of the threads have hard values, each with each of the operand beside."""
    hard, drawn = KINDS[letter]
    values = [
        hard[(t // (1, 16, 5)[place % 3] + 3 * (place > 1) * (t // 16)) % len(hard)] if t < threads // 2 else drawn(draw) for t in range(threads)
    ]
    return values


def words(columns: list[tuple[str, list[int]]]) -> tuple[int, ...]:
    """Of pairs of letter and column, as kernels load them: 64 bits are a column of low words, then one of high words."""
    made: list[int] = []
    for letter, values in columns:
        made += [value & 0xFFFFFFFF for value in values]
        if WIDTH.get(letter) == "q":
            made += [value >> 32 for value in values]
    return tuple(made)


def fractions(element: str, draw: random.Random, whole: bool) -> int:
    """A word of elements of a matrix: small whole numbers, whose sums are exact in any order, or numbers whose sums are not."""

    def one() -> float:
        return float(draw.randint(-7, 7)) if whole else draw.choice([-1, 1]) * draw.uniform(1, 2) * 2.0 ** -draw.choice([0, 0, 1, 3, 7, 11])

    if element in ("s8", "u8"):
        return draw.getrandbits(32) if not whole else sum((draw.randint(-7, 7) & (0xFF if element == "s8" else 7)) << 8 * i for i in range(4))
    if element == "f16":
        return struct.unpack("<I", struct.pack("<2e", one(), one()))[0]
    if element == "bf16":
        return bits_of(one()) >> 16 | bits_of(one()) & 0xFFFF0000
    return bits_of(one()) if element == "f32" or whole else bits_of(one()) & ~0x1FFF  # tf32: what it holds

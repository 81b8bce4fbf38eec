"""What the PTX ISA says that instructions give, written down a second time, in exact arithmetic: sums, products, quotients, roots and
conversions of floats by fractions, and products of matrices by the ISA's maps of fragments.

A reference takes a golden's operands, one list of words a thread each, and gives what each thread has. NaN is canonical: all ones.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Callable


@dataclass(frozen=True)
class Format:
    bits: int
    fraction: int  # stored bits of it
    unused: int = 0  # low bits of a register that hold none of it

    @property
    def bias(self) -> int:
        return (1 << (self.bits - self.unused - self.fraction - 2)) - 1

    @property
    def canonical(self) -> int:
        return (1 << (self.bits - 1)) - 1


F32, F16, BF16, TF32 = Format(32, 23), Format(16, 10), Format(16, 7), Format(32, 10, 13)
FORMATS = {"f32": F32, "f16": F16, "bf16": BF16, "tf32": TF32}
Number = tuple[int, "Fraction | float | None"]  # the sign's bit, and a magnitude: finite, infinite, or none of a NaN


def decoded(word: int, of: Format) -> Number:
    sign, field = word >> (of.bits - 1) & 1, word >> of.unused & ((1 << of.fraction) - 1)
    exponent = (word & of.canonical) >> (of.fraction + of.unused)
    if exponent == 2 * of.bias + 1:
        return sign, None if word & ((1 << (of.fraction + of.unused)) - 1) else math.inf
    significand = field + (1 << of.fraction if exponent else 0)
    return sign, Fraction(significand) * Fraction(2) ** (max(exponent, 1) - of.bias - of.fraction)


def encoded(number: Number, of: Format, rounding: str) -> int:
    sign, value = number
    if value is None:
        return of.canonical
    infinite = (2 * of.bias + 1) << of.fraction
    if value == math.inf:
        code = infinite
    elif value == 0:
        code = 0
    else:
        exponent = value.numerator.bit_length() - value.denominator.bit_length()
        exponent -= Fraction(2) ** exponent > value
        unit = Fraction(2) ** (max(exponent, 1 - of.bias) - of.fraction)
        steps, rest = divmod(value, unit)
        up = {"rz": False, "rna": 2 * rest >= unit, "rn": 2 * rest > unit or (2 * rest == unit and steps % 2 == 1)}[rounding]
        code = int(steps) + up + ((max(exponent, 1 - of.bias) + of.bias - 1) << of.fraction)  # a carry goes into the exponent
        if code >= infinite:
            code = infinite - (rounding == "rz")
    return (sign << (of.bits - 1)) | code << of.unused


def signed(number: Number) -> Fraction:
    return -number[1] if number[0] else number[1]


def product(a: Number, b: Number) -> Number:
    sign = a[0] ^ b[0]
    if a[1] is None or b[1] is None or (math.inf in (a[1], b[1]) and 0 in (a[1], b[1])):
        return sign, None
    return sign, math.inf if math.inf in (a[1], b[1]) else a[1] * b[1]


def total(a: Number, b: Number) -> Number:
    if a[1] is None or b[1] is None:
        return 0, None
    if math.inf in (a[1], b[1]):
        infinite = a if a[1] == math.inf else b
        return (0, None) if a[1] == b[1] and a[0] != b[0] else infinite
    value = signed(a) + signed(b)
    return (int(value < 0), abs(value)) if value else (a[0] & b[0], Fraction(0))


def quotient(a: Number, b: Number) -> Number:
    sign = a[0] ^ b[0]
    if a[1] is None or b[1] is None or a[1] == b[1] == 0 or a[1] == b[1] == math.inf:
        return sign, None
    if a[1] == math.inf or b[1] == 0:
        return sign, math.inf
    return sign, Fraction(0) if b[1] == math.inf else a[1] / b[1]


def root(a: Number) -> Number:
    """So many bits that what is cut off only tells that it is not exact."""
    if a[1] is None or (a[0] and a[1]):
        return 0, None
    if a[1] in (0, math.inf):
        return a
    scaled = a[1] * Fraction(4) ** 200
    whole = math.isqrt(scaled.numerator // scaled.denominator)
    return 0, (Fraction(whole) + (0 if whole * whole == scaled else Fraction(1, 2))) / Fraction(2) ** 200


ONE: Number = (0, Fraction(1))
ARITHMETIC: dict[str, Callable[..., Number]] = {
    "add": total,
    "sub": lambda a, b: total(a, (b[0] ^ 1, b[1])),
    "mul": product,
    "fma": lambda a, b, c: total(product(a, b), c),
    "div": quotient,
    "rcp": lambda a: quotient(ONE, a),
    "sqrt": root,
}


def arithmetic(opcode: str) -> Callable[..., int] | None:
    """Of one value a register, or of two."""
    match = re.fullmatch(r"(add|sub|mul|fma|div|rcp|sqrt)\.(?:(rn|rz)\.)?(f32|f16|bf16)(x2)?", opcode)
    if not match:
        return None
    of, operation, rounding = FORMATS[match[3]], ARITHMETIC[match[1]], match[2] or "rn"

    def one(*words: int) -> int:
        return encoded(operation(*(decoded(word, of) for word in words)), of, rounding)

    return (lambda *words: one(*(word >> 16 for word in words)) << 16 | one(*(word & 0xFFFF for word in words))) if match[4] else one


def conversion(opcode: str) -> Callable[..., int] | None:
    if match := re.fullmatch(r"cvt\.(rn|rz|rna)\.(f16|bf16|tf32)(x2)?\.f32", opcode):
        of, rounding = FORMATS[match[2]], match[1]
        one = lambda word: encoded(decoded(word, F32), of, rounding)
        return (lambda high, low: one(high) << 16 | one(low)) if match[3] else one
    if match := re.fullmatch(r"cvt\.f32\.(f16|bf16)", opcode):
        return lambda word: encoded(decoded(word, FORMATS[match[1]]), F32, "rn")
    if match := re.fullmatch(r"cvt\.(rn|rz)\.f32\.(s|u)32", opcode):
        value = lambda word: word - (1 << 32) if match[2] == "s" and word >> 31 else word
        return lambda word: encoded((int(value(word) < 0), Fraction(abs(value(word)))), F32, match[1])
    return None


def elementwise(opcode: str) -> Callable[..., int] | None:
    return arithmetic(opcode) or conversion(opcode)


def matrix_product(opcode: str, registers: list[list[int]]) -> list[list[int]] | None:
    """Of mma.sync with sums in f32 that are exact. registers[r][lane]: of A, B and C; the result likewise. The ISA's maps: with g = lane / 4
    and t = lane % 4, and e elements a register, A's register r has row g + 8 (r % 2), columns e t + i + 4 e (r / 2); B's has column g and rows
    e t + i + 4 e r; C's register r has row g + 8 (r / 2) and column 2 t + r % 2."""
    match = re.fullmatch(r"mma\.sync\.aligned\.m16n8k(\d+)\.row\.col\.f32\.(f16|bf16|tf32)\.\2\.f32", opcode)
    if not match:
        return None
    k, of = int(match[1]), FORMATS[match[2]]
    each = 32 // of.bits
    of_a, of_b = k // each // 2, k // each // 4
    element = lambda word, i: signed(decoded(word >> of.bits * i & ((1 << of.bits) - 1), of))
    a, b = [[Fraction(0)] * k for _ in range(16)], [[Fraction(0)] * 8 for _ in range(k)]
    for lane in range(32):
        g, t = divmod(lane, 4)
        for i in range(each):
            for r in range(of_a):
                a[g + 8 * (r % 2)][each * t + i + 4 * each * (r // 2)] = element(registers[r][lane], i)
            for r in range(of_b):
                b[each * t + i + 4 * each * r][g] = element(registers[of_a + r][lane], i)
    result = [[0] * 32 for _ in range(4)]
    for lane in range(32):
        for r in range(4):
            row, column = lane // 4 + 8 * (r // 2), 2 * (lane % 4) + r % 2
            value = signed(decoded(registers[of_a + of_b + r][lane], F32)) + sum(a[row][i] * b[i][column] for i in range(k))
            result[r][lane] = encoded((int(value < 0), abs(value)), F32, "rn")
    return result

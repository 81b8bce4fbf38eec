"""Tensor cores by warps: ldmatrix, stmatrix and mma.sync. Registers of mma are drawn at random, so what comes out knows the maps of
fragments. `whole` has whole numbers, whose sums are exact in any order: there bits are judged. `sums` has numbers whose sums are not,
and `probes` sums that show how a tensor core adds: what it cuts off of a small addend, and when.
"""

from __future__ import annotations

import random
import zlib

from goldens import values
from goldens.golden import Golden, Judge

SHAPES = """
m16n8k8 f32 f16 | m16n8k16 f32 f16 | m16n8k8 f32 bf16 | m16n8k16 f32 bf16 | m16n8k4 f32 tf32 | m16n8k8 f32 tf32 | m16n8k8 f16 f16
m16n8k16 f16 f16 | m16n8k16 s32 s8 | m16n8k32 s32 s8 | m16n8k16 s32 u8 | m16n8k32 s32 u8
"""
BYTES = {"f16": 2, "bf16": 2, "tf32": 4, "s8": 1, "u8": 1}
# A sum c + k products a * 1, a row each: c, a. Large and small, cut off or rounded, ties, infinities, subnormals.
PROBES = [
    (16777216.0, 1.0),
    (16777216.0, 0.5),
    (1.0, 2.0**-24),
    (1.0, 2.0**-25),
    (-1.0, 2.0**-24),
    (0.0, 2.0**-14),
    (8388608.0, 0.75),
    (1.0, -(2.0**-23)),
]
ACCUMULATED = {"f32": ("w", 4), "f16": ("w", 2), "s32": ("w", 4)}
ROW = "mov.u32 %r0, smem;\n  mad.lo.u32 %r1, %thread, 16, %r0;\n  "


def _numbers(k: int, element: str) -> tuple[int, int]:
    """Registers of A and of B."""
    return 16 * k * BYTES[element] // 128, 8 * k * BYTES[element] // 128


def _multiply(shape: str, result: str, element: str) -> tuple[str, int, int, int]:
    of_a, of_b = _numbers(int(shape.split("k")[1]), element)
    of_c = ACCUMULATED[result][1]
    places = iter(range(of_a + of_b + of_c))
    vectors = ["{" + ", ".join(f"%i{next(places)}" for _ in range(count)) + "}" for count in (of_a, of_b, of_c)]
    results = "{" + ", ".join(f"%o{n}" for n in range(of_c)) + "}"
    opcode = f"mma.sync.aligned.{shape}.row.col.{result}.{element}.{element}.{result}"
    return f"{opcode} {results}, {', '.join(vectors)};", of_a, of_b, of_c


def _word(value: float, element: str) -> int:
    """Of one value in each element of a register."""
    if element == "f16":
        return int.from_bytes(values.struct.pack("<2e", value, value), "little")
    bits = values.bits_of(value)
    return bits >> 16 | bits & 0xFFFF0000 if element == "bf16" else bits


def _products(shape: str, result: str, element: str) -> list[Golden]:
    body, of_a, of_b, of_c = _multiply(shape, result, element)
    opcode, k = body.split(" ")[0], int(shape.split("k")[1])
    near = 2.0 ** (-10 if result == "f16" else -22) * 4 * (k + 1)  # each of k + 1 additions, of sums below 4 (k + 1), at most so far off
    made = []
    for case in ("whole", "sums", "probes")[: 1 if result == "s32" else 3]:
        draw = random.Random(zlib.crc32(f"{opcode} {case}".encode()))
        columns = [("w", [values.fractions(element, draw, case == "whole") for _ in range(32)]) for _ in range(of_a + of_b)]
        columns += [
            ("w", [draw.getrandbits(8) if result == "s32" else values.fractions(result, draw, case == "whole") for _ in range(32)])
            for _ in range(of_c)
        ]
        judge = Judge() if case == "whole" else Judge("absolute", near, result)
        if case == "probes":  # lane / 4 is the row, of A as of C
            scale = 2.0**-13 if result == "f16" else 1.0
            a, c = (
                [_word(PROBES[lane // 4][which] * (scale if which == 0 else 1), kind) for lane in range(32)]
                for which, kind in ((1, element), (0, result))
            )
            columns = [("w", a)] * of_a + [("w", [_word(1.0, element)] * 32)] * of_b + [("w", c)] * of_c
            judge = Judge("relative", (k + 1) * 2.0 ** (-10 if result == "f16" else -22), result)
        made.append(
            Golden(
                name=f"{opcode} {case}", body=body, inputs="w" * (of_a + of_b + of_c), outputs="w" * of_c, words=values.words(columns), judge=judge
            )
        )
    return made


def _moves() -> list[Golden]:
    """Lane l names row `order[l]` of what lies in shared memory, so that the addresses count."""
    draw, made = random.Random(11), []
    order = draw.sample(range(32), 32)
    columns = [("i", [draw.getrandbits(32) for _ in range(32)]) for _ in range(4)] + [("i", [16 * row for row in order])]
    for count in (1, 2, 4):
        for way in ("", ".trans"):
            registers = ["{" + ", ".join(f"%{side}{n}" for n in range(count)) + "}" for side in "oi"]
            load = f"ldmatrix.sync.aligned.m8n8.x{count}{way}.shared.b16"
            body = f"{ROW}st.shared.v4.b32 [%r1], {{%i0, %i1, %i2, %i3}};\n  bar.sync 0;\n  add.s32 %r2, %r0, %i4;\n  {load} {registers[0]}, [%r2];"
            made.append(Golden(name=load, body=body, inputs="wwwww", outputs="w" * count, words=values.words(columns), shared=512))
            store = f"stmatrix.sync.aligned.m8n8.x{count}{way}.shared.b16"
            body = (
                f"{ROW}mov.b32 %r3, 0xabababab;\n  st.shared.v4.b32 [%r1], {{%r3, %r3, %r3, %r3}};\n  bar.sync 0;\n  add.s32 %r2, %r0, %i4;\n  "
                f"{store} [%r2], {registers[1]};\n  bar.sync 0;\n  ld.shared.v4.b32 {{%o0, %o1, %o2, %o3}}, [%r1];"
            )
            made.append(Golden(name=store, body=body, inputs="wwwww", outputs="wwww", words=values.words(columns), shared=512, target="sm_90"))
    return made


def goldens() -> list[Golden]:
    shapes = [row.split() for line in SHAPES.strip().splitlines() for row in line.split("|")]
    return _moves() + [golden for shape in shapes for golden in _products(*shape)]

"""wgmma: products by four warps of operands in shared memory, which descriptors describe. Shared memory is filled with numbers as they
come, so what comes out knows descriptors, swizzles and the maps of accumulators. The cases are those of matrices.py.
"""

from __future__ import annotations

import random
import struct
import zlib

from goldens import values
from goldens.golden import Golden, Judge

THREADS = 128
SWIZZLE = {0: 0, 32: 3, 64: 2, 128: 1}  # bytes: bits 62 and 63 of a descriptor
SIZES = {"f16": 2, "bf16": 2, "tf32": 4}
ONES = {"f32": 0x3F800000, "f16": 0x3C003C00}

# Result, element, N, of A: swizzle or `registers` and which is contiguous, of B likewise, bytes into the swizzled row, what else.
ROWS = """
f32 bf16 8 128 k 128 k 0 | f32 bf16 64 128 k 128 k 32 | f32 bf16 128 128 k 128 k 64 | f32 bf16 256 128 k 128 k 96 | f32 bf16 24 64 k 64 k 0
f32 bf16 96 64 k 64 k 32 | f32 bf16 32 32 k 32 k 0 | f32 bf16 48 0 k 0 k 0 | f32 f16 64 128 k 128 k 0 | f16 f16 64 128 k 64 k 0
f16 f16 128 0 k 32 k 0 | f32 tf32 64 128 k 128 k 32 | f32 tf32 16 0 k 0 k 0 | f32 tf32 40 32 k 64 k 0 | f32 bf16 64 128 mn 128 mn 0
f32 bf16 128 128 k 128 mn 0 | f32 f16 64 64 mn 64 mn 0 | f32 bf16 32 32 mn 32 mn 0 | f32 bf16 64 0 mn 0 mn 0 | f32 bf16 64 128 mn 0 k 0
f32 bf16 64 registers k 128 k 0 | f32 bf16 128 registers k 128 mn 0 | f32 f16 32 registers k 64 k 0 | f16 f16 16 registers k 0 k 0
f32 tf32 32 registers k 128 k 0 | f32 bf16 64 128 k 128 k 0 negative | f32 f16 32 64 k 64 k 0 alone
f32 f16 128 128 k 128 k 32 | f32 f16 256 128 k 128 k 64
"""


def _operand(rows: int, size: int, swizzle: int, major: str) -> tuple[int, int]:
    """Bits of a descriptor but for its start, and the bytes that the operand takes up."""
    k_groups, groups = 2, rows // 8  # of 16 bytes along K, of eight rows; MN-major: of eight K and of eight rows
    if swizzle == 0:
        leading, stride = (128, 256) if major == "k" else (128 * groups, 128)
        total = 128 * groups * k_groups
    elif major == "k":
        leading, stride, total = 16, 8 * swizzle, rows * swizzle
    else:
        atom, atoms = 8 * swizzle, max(1, rows * size // swizzle)
        leading, stride, total = k_groups * atom, atom, atoms * k_groups * atom
    return leading >> 4 << 16 | stride >> 4 << 32 | SWIZZLE[swizzle] << 62, total


def _descriptor(register: str, at: int, bits: int) -> str:
    return (
        f"add.s32 %r0, %r4, {at};\n  shr.u32 %r0, %r0, 4;\n  and.b32 %r0, %r0, 16383;\n  cvt.u64.u32 {register}, %r0;\n  "
        f"or.b64 {register}, {register}, {bits:#x};"
    )


def _filled(total: int) -> str:
    lines = ["mov.u32 %r4, smem;", "mad.lo.u32 %r5, %thread, 16, %r4;", "mul.wide.u32 %q2, %thread, 16;", "add.s64 %q2, %q2, %data;"]
    for at in range(0, total, 16 * THREADS):
        lines += [f"ld.global.v4.b32 {{%r6, %r7, %r8, %r9}}, [%q2 + {at}];", f"st.shared.v4.b32 [%r5 + {at}], {{%r6, %r7, %r8, %r9}};"]
    return "\n  ".join(lines)


def _product(result: str, element: str, columns: str, of_a: str, major_a: str, of_b: str, major_b: str, start: str, *more: str, case: str) -> Golden:
    n, size, begin = int(columns), SIZES[element], int(start)
    in_registers = of_a == "registers"
    bits_a, bytes_a = (0, 0) if in_registers else _operand(64, size, int(of_a), major_a)
    bits_b, bytes_b = _operand(n, size, int(of_b), major_b)
    at_b = (bytes_a + 1023) // 1024 * 1024
    total = (at_b + bytes_b + 16 * THREADS - 1) // (16 * THREADS) * 16 * THREADS
    sums = n // 4 if result == "f16" else n // 2
    majors = [] if element == "tf32" else [str(int(major_b == "mn"))] if in_registers else [str(int(major_a == "mn")), str(int(major_b == "mn"))]
    a = "{%i0, %i1, %i2, %i3}" if in_registers else "%q0"
    tail = ", ".join(["%p1", "-1" if "negative" in more else "1", "1", *majors])
    opcode = f"wgmma.mma_async.sync.aligned.m64n{n}k{32 // size}.{result}.{element}.{element}"
    body = "\n  ".join(
        [
            _filled(total),
            _descriptor("%q0", begin, bits_a),
            _descriptor("%q1", at_b + begin, bits_b),
            *(f"mov.b32 %o{i}, {ONES[result]:#x};" for i in range(sums)),
            f"setp.{'ne' if 'alone' in more else 'eq'}.u32 %p1, %thread, %thread;",
            "fence.proxy.async;",
            "bar.sync 0;",
            "wgmma.fence.sync.aligned;",
            f"{opcode} {{{', '.join(f'%o{i}' for i in range(sums))}}}, {a}, %q1, {tail};",
            "wgmma.commit_group.sync.aligned;",
            "wgmma.wait_group.sync.aligned 0;",
        ]
    )
    name = f"{opcode.removesuffix('.' + element)}, A {of_a} {major_a}, B {of_b} {major_b}, from {begin} {' '.join([*more, case])}"
    draw = random.Random(zlib.crc32(name.encode()))
    data = struct.pack(f"<{total // 4}I", *(values.fractions(element, draw, case == "whole") for _ in range(total // 4)))
    inputs = 4 if in_registers else 0
    words = tuple(values.fractions(element, draw, case == "whole") for _ in range(inputs * THREADS))
    near = 2.0 ** (-10 if result == "f16" else -22) * 4 * (32 // size + 1)
    return Golden(
        name=name,
        body=body,
        inputs="w" * inputs,
        outputs="w" * sums,
        words=words,
        threads=THREADS,
        target="sm_90a",
        shared=total,
        data=data,
        judge=Judge() if case == "whole" else Judge("absolute", near, result),
    )


def goldens() -> list[Golden]:
    rows = [row.split() for line in ROWS.strip().splitlines() for row in line.split("|")]
    return [_product(*row, case=case) for number, row in enumerate(rows) for case in ("whole", "sums") if case == "whole" or number % 5 == 0]

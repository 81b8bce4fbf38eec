"""One golden: a few lines of PTX between registers that are loaded and registers that are stored, and how its results are judged.

Thread t of all finds word w of its inputs at word w * threads + t of `words`, and leaves outputs likewise. The lines name the
inputs %i0, %i1, .., the outputs %o0, .., and may use %data (the address of `data` in global memory), %thread, %lane, and %r0 to %r15,
%h0, %h1, %q0 to %q7, %p0 to %p3. A golden is judged as silicon has to be: by its bits where the ISA defines them.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from driver import TensorMap

VERSIONS = {"sm_80": "7.0", "sm_90": "8.0", "sm_90a": "8.0"}  # the oldest that have all the instructions
WIDTHS = {"h": 1, "w": 1, "p": 1, "q": 2}  # words of a register of 16, 32 bits, a predicate, 64 bits


@dataclass(frozen=True)
class Judge:
    """`bits`: the ISA defines them all. `ulps`: f32 that are at most so far apart. `absolute`, `relative`: numbers of `element` that are,
    by themselves or as a share of the larger one. There NaN is NaN, whatever its bits are, and infinities are the same."""

    rule: str = "bits"
    most: float = 0
    element: str = "f32"  # or f16: two a word

    def text(self) -> str:
        return "bits" if self.rule == "bits" else f"{self.most:.3g} {self.rule}"


@dataclass(frozen=True)
class Golden:
    name: str
    body: str
    inputs: str  # a letter of WIDTHS each
    outputs: str
    words: tuple[int, ...]
    threads: int = 32
    blocks: int = 1
    target: str = "sm_80"
    judge: Judge = Judge()
    shared: int = 0  # bytes, at `smem`, a multiple of 1024
    data: bytes = b""
    returns_data: bool = False  # data is a result, after the outputs
    cluster: int = 1
    tensor_map: TensorMap | None = None  # of data, at %map
    registers: int = 0  # at most, a thread
    constant: int | None = None  # at `number`, 32 bits

    def output_bytes(self) -> int:
        return 4 * self.threads * self.blocks * sum(WIDTHS[kind] for kind in self.outputs)


REGISTERS = {"h": ".b16", "w": ".b32", "q": ".b64", "p": ".pred"}
LOAD = {
    "w": "ld.global.b32 %i{n}, [%in + {at}];",
    "h": "ld.global.b32 %t0, [%in + {at}];\n  cvt.u16.u32 %i{n}, %t0;",
    "p": "ld.global.b32 %t0, [%in + {at}];\n  setp.ne.b32 %i{n}, %t0, 0;",
    "q": "ld.global.b32 %t0, [%in + {at}];\n  ld.global.b32 %t1, [%in + {next}];\n  mov.b64 %i{n}, {{%t0, %t1}};",
}
STORE = {
    "w": "st.global.b32 [%out + {at}], %o{n};",
    "h": "cvt.u32.u16 %t0, %o{n};\n  st.global.b32 [%out + {at}], %t0;",
    "p": "selp.b32 %t0, 1, 0, %o{n};\n  st.global.b32 [%out + {at}], %t0;",
    "q": "mov.b64 {{%t0, %t1}}, %o{n};\n  st.global.b32 [%out + {at}], %t0;\n  st.global.b32 [%out + {next}], %t1;",
}
MAP = "\n  mov.b64 %map, map;\n  cvta.param.u64 %map, %map;"
KERNEL = """
.visible .entry {entry}(.param .b64 in, .param .b64 out, .param .b64 data{parameters})
.reqntid {threads}, 1, 1{limits}
{{
  .reg .b64 %in, %out, %data, %at, %q<8>;
  .reg .b32 %thread, %lane, %t0, %t1, %t2, %r<16>;
  .reg .b16 %h<2>;
  .reg .pred %p<4>;
{declarations}
  ld.param.b64 %in, [in];
  ld.param.b64 %out, [out];
  ld.param.b64 %data, [data];
  mov.u32 %thread, %tid.x;
  mov.u32 %t0, %ctaid.x;
  mad.lo.s32 %t2, %t0, {threads}, %thread;
  mul.wide.u32 %at, %t2, 4;
  add.s64 %in, %in, %at;
  add.s64 %out, %out, %at;
  and.b32 %lane, %thread, 31;
  {loads}
  // the golden
  {body}
  // its results
  {stores}
  ret;
}}
"""


def wait(test: str) -> str:
    """Until a test of an mbarrier gives %p1; a million times, so that a GPU on which it never does is not lost. Once in a golden."""
    return (
        f"mov.b32 %r15, 0;\nwaiting:\n  {test};\n  @%p1 bra landed;\n  add.s32 %r15, %r15, 1;\n  setp.lt.u32 %p1, %r15, 1000000;\n  "
        "@%p1 bra waiting;\nlanded:"
    )


def _moves(templates: dict[str, str], kinds: str, threads: int) -> str:
    lines, word = [], 0
    for n, kind in enumerate(kinds):
        lines.append(templates[kind].format(n=n, at=4 * threads * word, next=4 * threads * (word + 1)))
        word += WIDTHS[kind]
    return "\n  ".join(lines)


def entry(golden: Golden, name: str = "golden") -> str:
    """The kernel, without what heads a text."""
    threads = golden.threads * golden.blocks
    registers = [
        f"  .reg {REGISTERS[kind]} %{side}{n};" for side, kinds in (("i", golden.inputs), ("o", golden.outputs)) for n, kind in enumerate(kinds)
    ]
    registers += ["  .reg .b64 %map;"] if golden.tensor_map else []
    shared = [f"  .shared .align 1024 .b8 smem[{golden.shared}];"] if golden.shared else []
    parameters = (", .param .align 64 .b8 map[128]" if golden.tensor_map else "") + (", .param .b32 number" if golden.constant is not None else "")
    limits = f"\n.maxnreg {golden.registers}" if golden.registers else ""
    limits += f"\n.explicitcluster\n.reqnctapercluster {golden.cluster}, 1, 1" if golden.cluster > 1 else ""
    return KERNEL.format(
        entry=name,
        parameters=parameters,
        threads=golden.threads,
        declarations="\n".join(registers + shared),
        limits=limits,
        loads=_moves(LOAD, golden.inputs, threads) + (MAP if golden.tensor_map else ""),
        body=golden.body,
        stores=_moves(STORE, golden.outputs, threads),
    )


def head(target: str) -> str:
    return f".version {VERSIONS[target]}\n.target {target}\n.address_size 64\n"


def _category(value: float) -> object:
    return "nan" if math.isnan(value) else value if math.isinf(value) else "finite"


def _ordered(bits: int) -> int:
    """So that neighbours are 1 apart, -0 and 0 too."""
    return -(bits & 0x7FFFFFFF) - 1 if bits >> 31 else bits


def _apart(rule: str, a: float, b: float) -> float:
    if rule == "ulps":
        i, j = (_ordered(struct.unpack("<I", struct.pack("<f", value))[0]) for value in (a, b))
        return float(abs(i - j))
    return abs(a - b) / (max(abs(a), abs(b), 5e-324) if rule == "relative" else 1.0)


def _numbers(data: bytes, element: str) -> list[float]:
    return list(struct.unpack(f"<{len(data) // (2 if element == 'f16' else 4)}{'e' if element == 'f16' else 'f'}", data))


def differences(golden: Golden, mine: bytes, other: bytes) -> tuple[int, float, bool]:
    """How many words differ, how far they are apart at most (0 where bits are judged), and whether that is all right."""
    if len(mine) != len(other):
        return max(len(mine), len(other)) // 4, math.inf, False
    unequal = sum(mine[at : at + 4] != other[at : at + 4] for at in range(0, len(mine), 4))
    if golden.judge.rule == "bits":
        return unequal, 0.0, unequal == 0
    worst = 0.0
    for a, b in zip(*(_numbers(data, golden.judge.element) for data in (mine, other))):
        if _category(a) != _category(b):
            return unequal, math.inf, False
        if _category(a) == "finite":
            worst = max(worst, _apart(golden.judge.rule, a, b))
    return unequal, worst, worst <= golden.judge.most

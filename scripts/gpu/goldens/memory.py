"""Moves: between registers, through global and shared memory, asynchronous copies, across lanes, and jumps. A row each: what it is called,
its lines, letters of the inputs (values.py), registers of the outputs, bytes of shared memory."""

from __future__ import annotations

import random
import zlib

from goldens import values
from goldens.golden import Golden

DATA = random.Random(5).randbytes(4096)
OWN = "mov.u32 %r0, smem;\n  mad.lo.u32 %r0, %thread, 16, %r0;"  # %r0: 16 bytes of shared memory of this thread
SOURCE = "mul.wide.u32 %q0, %thread, 16;\n  add.s64 %q0, %q0, %data;"  # %q0: 16 bytes of data
FILLED = f"{OWN}\n  {SOURCE}\n  mov.b32 %r1, 0xabababab;\n  st.shared.v4.b32 [%r0], {{%r1, %r1, %r1, %r1}};\n  bar.sync 0;"
LOADED = "ld.shared.v4.b32 {%o0, %o1, %o2, %o3}, [%r0];"
LANDED = "cp.async.commit_group;\n  cp.async.wait_group 0;\n  bar.sync 0;"

ROWS = [
    ("mov.b32 pack", "mov.b32 %o0, {%i0, %i1};", "kk", "w", 0),
    ("mov.b32 unpack", "mov.b32 {%o0, %o1}, %i0;", "i", "hh", 0),
    ("mov.b64 pack", "mov.b64 %o0, {%i0, %i1};", "ii", "q", 0),
    ("mov.b64 unpack", "mov.b64 {%o0, %o1}, %i0;", "q", "ww", 0),
    ("mov.b64 pack of four", "mov.b64 %o0, {%i0, %i1, %i2, %i3};", "kkkk", "q", 0),
    (
        "mov.u32 special",
        "mov.u32 %o0, %tid.x;\n  mov.u32 %o1, %ntid.x;\n  mov.u32 %o2, %ctaid.x;\n  mov.u32 %o3, %nctaid.x;\n"
        "  mov.u32 %o4, %laneid;\n  mov.u32 %o5, %tid.y;\n  mov.u32 %o6, %ctaid.y;\n  mov.u32 %o7, %ctaid.z;",
        "",
        "wwwwwwww",
        0,
    ),
    (
        "ld.global",
        f"{SOURCE}\n  ld.global.v4.b32 {{%o0, %o1, %o2, %o3}}, [%q0];\n  ld.global.v2.b32 {{%o4, %o5}}, [%q0 + 8];\n"
        "  ld.global.b64 %o6, [%q0 + 8];\n  ld.global.b16 %o7, [%q0 + 6];\n  ld.global.u8 %o8, [%q0 + 3];\n  ld.global.s8 %o9, [%q0 + 5];\n"
        "  ld.global.nc.v4.b32 {%o10, %o11, %o12, %o13}, [%q0];",
        "",
        "wwwwwwqhwwwwww",
        0,
    ),
    (
        "st.shared",
        f"{FILLED}\n  st.shared.v2.b32 [%r0], {{%i0, %i1}};\n  st.shared.b16 [%r0 + 10], %i2;\n  st.shared.u8 [%r0 + 13], %i0;\n"
        f"  bar.sync 0;\n  xor.b32 %r0, %r0, 16;\n  {LOADED}\n  ld.shared.b32 %o4, [%r0 + 4];\n  ld.shared.b16 %o5, [%r0 + 10];\n"
        "  ld.shared.b64 %o6, [%r0 + 8];\n  ld.shared.v2.b32 {%o7, %o8}, [%r0];",
        "iik",
        "wwwwwhqww",
        512,
    ),
    (
        "st.shared of each width",
        f"{OWN}\n  st.shared.b32 [%r0], %i0;\n  st.shared.b32 [%r0 + 4], %i1;\n  st.shared.b64 [%r0 + 8], %i2;\n  bar.sync 0;\n"
        f"  xor.b32 %r0, %r0, 48;\n  {LOADED}",
        "iiq",
        "wwww",
        512,
    ),
    (
        "ld.shared, an address of its own a lane",
        f"{OWN}\n  st.shared.v4.b32 [%r0], {{%i0, %i1, %i2, %i3}};\n  bar.sync 0;\n  and.b32 %r1, %i0, 508;\n"
        "  mov.u32 %r2, smem;\n  add.s32 %r2, %r2, %r1;\n  ld.shared.b32 %o0, [%r2];",
        "iiii",
        "w",
        512,
    ),
    (
        "st.global",
        "mul.wide.u32 %q0, %thread, 64;\n  add.s64 %q0, %q0, %data;\n  st.global.v4.b32 [%q0], {%i0, %i1, %i0, %i1};\n"
        "  st.global.v2.b32 [%q0 + 24], {%i0, %i1};\n  st.global.b64 [%q0 + 32], %i2;\n  st.global.b16 [%q0 + 42], %i3;\n"
        "  st.global.u8 [%q0 + 47], %i0;\n  st.global.b32 [%q0 + 52], %i1;",
        "iiqk",
        "",
        0,
    ),
    (
        "bra",
        "setp.lt.s32 %p0, %i0, %i1;\n  mov.b32 %o0, 0;\n  @%p0 bra less;\n  add.s32 %o0, %i0, 5;\n  bra.uni joined;\nless:\n"
        "  mov.b32 %r1, 7;\nagain:\n  add.s32 %o0, %o0, %r1;\n  sub.s32 %r1, %r1, 1;\n  setp.ne.b32 %p1, %r1, 0;\n  @%p1 bra again;\njoined:\n"
        "  xor.b32 %o0, %o0, 1;",
        "ii",
        "w",
        0,
    ),
    ("guards", "setp.lt.u32 %p0, %i0, %i1;\n  mov.b32 %o0, %i0;\n  @%p0 mov.b32 %o0, 17;\n  @!%p0 add.s32 %o0, %o0, 1;", "ii", "w", 0),
    (
        "shfl.sync.bfly.b32 of f32",
        "mov.b32 %r1, 31;\n  mov.b32 %r2, -1;\n  shfl.sync.bfly.b32 %r3, %i0, 16, 31, -1;\n  add.rn.f32 %o0, %i0, %r3;\n"
        "  shfl.sync.bfly.b32 %r3, %o0, 8, %r1, %r2;\n  add.rn.f32 %o0, %o0, %r3;\n  shfl.sync.bfly.b32 %r3, %o0, 1, %r1, %r2;\n"
        "  max.f32 %o1, %o0, %r3;",
        "f",
        "ww",
        0,
    ),
    (
        "vote.sync",
        "vote.sync.ballot.b32 %o0, %i0, -1;\n  vote.sync.any.pred %o1, %i0, -1;\n  vote.sync.all.pred %o2, %i0, -1;\n"
        "  vote.sync.uni.pred %o3, %i0, -1;",
        "p",
        "wppp",
        0,
    ),
    ("match.any.sync.b32", "and.b32 %r0, %i0, 3;\n  match.any.sync.b32 %o0, %r0, -1;", "i", "w", 0),
    (
        "redux.sync",
        "redux.sync.add.u32 %o0, %i0, -1;\n  redux.sync.min.s32 %o1, %i0, -1;\n  redux.sync.max.u32 %o2, %i0, -1;\n"
        "  redux.sync.xor.b32 %o3, %i0, -1;",
        "i",
        "wwww",
        0,
    ),
    ("bar.red.popc.u32", "bar.red.popc.u32 %o0, 0, %i0;", "p", "w", 0),
    (
        "atom.global",
        "mov.u64 %q0, %data;\n  atom.global.add.u32 %r0, [%q0], %i0;\n  red.global.max.s32 [%q0 + 4], %i0;\n"
        "  atom.global.or.b32 %r0, [%q0 + 8], %i0;\n  red.global.add.u64 [%q0 + 16], %i1;",
        "iq",
        "",
        0,
    ),
    (
        "atom.global.cas.b32",
        "mul.wide.u32 %q0, %thread, 16;\n  add.s64 %q0, %q0, %data;\n  ld.global.b32 %r0, [%q0];\n"
        "  selp.b32 %r0, %r0, %i1, %i0;\n  atom.global.cas.b32 %o0, [%q0], %r0, %i1;\n  atom.global.exch.b32 %o1, [%q0 + 4], %i1;",
        "pi",
        "ww",
        0,
    ),
]
SHUFFLES = [
    (mode, by, limits)
    for mode, cases in {
        "bfly": ((16, 31), (5, 31), (3, 0x1C1F)),
        "up": ((1, 0), (5, 0), (3, 0x1800)),
        "down": ((1, 31), (4, 31), (2, 0x181F)),
        "idx": ((0, 31), (9, 31), (2, 0x181F)),
    }.items()
    for by, limits in cases
]
COPIES = [("ca", 4), ("ca", 8), ("ca", 16), ("cg", 16)]
PREFETCHES = ["ca.shared.global.L2::128B", "cg.shared.global.L2::128B"]


def _rows() -> list[tuple[str, str, str, str, int]]:
    made = list(ROWS)
    for mode, by, limits in SHUFFLES:
        made.append((f"shfl.sync.{mode}.b32 {by} {limits:#x}", f"shfl.sync.{mode}.b32 %o0|%o1, %i0, {by}, {limits}, -1;", "i", "wp", 0))
    made.append(("shfl.sync.idx.b32 by lane", "shfl.sync.idx.b32 %o0, %i0, %i1, 31, -1;", "il", "w", 0))
    for cache, size in COPIES:
        what = f"cp.async.{cache}.shared.global"
        made.append((f"{what} {size}", f"{FILLED}\n  {what} [%r0], [%q0], {size};\n  {LANDED}\n  {LOADED}", "", "wwww", 512))
        fewer = f"{FILLED}\n  mov.b32 %r2, {size};\n  min.u32 %r2, %i0, %r2;\n  {what} [%r0], [%q0], {size}, %r2;\n  {LANDED}\n  {LOADED}"
        made.append((f"{what} {size}, of fewer bytes zeros", fewer, "l", "wwww", 512))
    for what in PREFETCHES:
        made.append((f"cp.async.{what} 16", f"{FILLED}\n  cp.async.{what} [%r0], [%q0], 16;\n  {LANDED}\n  {LOADED}", "", "wwww", 512))
    groups = "\n  ".join(f"cp.async.ca.shared.global [%r0 + {4 * i}], [%q0 + {12 - 4 * i}], 4;\n  cp.async.commit_group;" for i in range(4))
    made.append(
        (
            "cp.async.wait_group",
            f"{FILLED}\n  {groups}\n  cp.async.wait_group 2;\n  ld.shared.v2.b32 {{%o0, %o1}}, [%r0];\n"
            "  cp.async.wait_group 1;\n  ld.shared.b32 %o2, [%r0 + 8];\n  cp.async.wait_group 0;\n  ld.shared.b32 %o3, [%r0 + 12];",
            "",
            "wwww",
            512,
        )
    )
    made.append(
        (
            "cp.async.wait_all",
            f"{FILLED}\n  cp.async.cg.shared.global [%r0], [%q0], 16;\n  cp.async.wait_all;\n  bar.sync 0;\n  " f"xor.b32 %r0, %r0, 80;\n  {LOADED}",
            "",
            "wwww",
            512,
        )
    )
    return made


def goldens() -> list[Golden]:
    made = []
    for name, body, letters, outputs, shared in _rows():
        draw = random.Random(zlib.crc32(name.encode()))
        columns = [(letter, values.column(letter, place, 32, draw)) for place, letter in enumerate(letters)]
        made.append(
            Golden(
                name=name,
                body=body,
                inputs="".join(values.WIDTH.get(letter, "w") for letter in letters),
                outputs=outputs,
                words=values.words(columns),
                shared=shared,
                data=DATA,
                target="sm_90" if "L2::" in name else "sm_80",
                returns_data=name.startswith(("st.global", "atom.global")),
            )
        )
    made.append(
        Golden(
            name="ld.param",
            body="ld.param.b32 %o0, [number];\n  ld.param.b64 %o1, [data];\n  sub.s64 %o1, %o1, %data;",
            inputs="",
            outputs="wq",
            words=(),
            constant=0x89ABCDEF,
        )
    )
    return made

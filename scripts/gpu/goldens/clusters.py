"""Barriers of memory, blocks that see each other, and what else sm_90 has beside copies and products.

Tests of an mbarrier's phase are results, one after each thing that is done to it; the tokens of phases are opaque and are none.
"""

from __future__ import annotations

from driver import TensorMap
from goldens import tensors
from goldens.golden import Golden, wait

ARRIVE, DROP = "mbarrier.arrive.shared.b64 %q1, [%r0]", "mbarrier.arrive_drop.shared.b64 %q1, [%r0]"
EXPECT = "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%r0], {}"
COMPLETE = "mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [%r0], {}"
# Name, architecture, arrivals, what is done in front of each test of a phase's end. That phase is the current one or the one before:
# what a test of an older one gives is not defined.
BARRIERS = [
    ("arrivals", "sm_80", 3, [(ARRIVE, 0), (ARRIVE, 0), (ARRIVE, 0), (ARRIVE, 1), (f"{ARRIVE};\n  {ARRIVE}", 1)]),
    (
        "arrivals of several",
        "sm_80",
        7,
        [("mbarrier.arrive.noComplete.shared.b64 %q1, [%r0], 4", 0), (ARRIVE, 0), (f"{ARRIVE};\n  {ARRIVE}", 0), (ARRIVE, 1)],
    ),
    ("fewer from the next phase on", "sm_80", 2, [(DROP, 0), (ARRIVE, 0), (ARRIVE, 1)]),
    (
        "bytes",
        "sm_90",
        1,
        [
            (EXPECT.format(64), 0),
            (ARRIVE, 0),
            (COMPLETE.format(48), 0),
            (COMPLETE.format(16), 0),
            (ARRIVE, 1),
            ("mbarrier.arrive.expect_tx.shared.b64 %q1, [%r0], 32", 0),
            (COMPLETE.format(32), 0),
        ],
    ),
    ("bytes before they are expected", "sm_90", 2, [(ARRIVE, 0), (COMPLETE.format(32), 0), (EXPECT.format(32), 0), (ARRIVE, 0)]),
    (
        "bytes of two kinds",
        "sm_90",
        2,
        [
            ("mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 %q1, [%r0], 128", 0),
            ("mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 %q1, [%r0], 64", 0),
            (COMPLETE.format(128), 0),
            (COMPLETE.format(64), 0),
        ],
    ),
]


def _barriers() -> list[Golden]:
    made = []
    for name, target, count, steps in BARRIERS:
        lines = [
            (
                f"{done};\n  mbarrier.test_wait.parity.shared.b64 %o{i}, [%r0], {phase};"
                if target == "sm_90"
                else f"{done};\n  mbarrier.test_wait.shared.b64 %o{i}, [%r0], %q{2 + phase};"
            )
            for i, (done, phase) in enumerate(steps)
        ]
        if target == "sm_80":  # tokens: q2 of the first phase, q3 of that after it
            lines = _with_tokens(lines, steps)
        outputs = "\n  ".join(f"setp.ne.u32 %o{i}, %thread, %thread;" for i in range(len(steps)))
        body = (
            f".shared .align 8 .b8 bar[8];\n  mov.u32 %r0, bar;\n  {outputs}\n  setp.ne.u32 %p0, %thread, 0;\n  @%p0 bra done;\n  "
            f"mbarrier.init.shared.b64 [%r0], {count};\n  " + "\n  ".join(lines) + "\n  mbarrier.inval.shared.b64 [%r0];\ndone:"
        )
        made.append(Golden(name=f"mbarrier, {name}", body=body, inputs="", outputs="p" * len(steps), words=(), target=target))
    body = (
        ".shared .align 8 .b8 bar[8];\n  mov.u32 %r2, bar;\n  mov.u32 %r0, smem;\n  mad.lo.u32 %r0, %thread, 16, %r0;\n  "
        "setp.eq.u32 %p0, %thread, 0;\n  @%p0 mbarrier.init.shared.b64 [%r2], 32;\n  bar.sync 0;\n  mul.wide.u32 %q0, %thread, 16;\n  "
        "add.s64 %q0, %q0, %data;\n  cp.async.ca.shared.global [%r0], [%q0], 16;\n  cp.async.mbarrier.arrive.noinc.shared.b64 [%r2];\n  "
        + wait("mbarrier.test_wait.parity.shared.b64 %p1, [%r2], 0")
        + "\n  xor.b32 %r0, %r0, 48;\n  "
        "ld.shared.v4.b32 {%o0, %o1, %o2, %o3}, [%r0];"
    )
    made.append(
        Golden(
            name="cp.async.mbarrier.arrive.noinc",
            body=body,
            inputs="",
            outputs="wwww",
            words=(),
            shared=512,
            data=bytes(range(256)) * 2,
            target="sm_90",
        )
    )
    return made


def _with_tokens(lines: list[str], steps: list[tuple[str, int]]) -> list[str]:
    """Keeps the token of the first arrival in each phase, which later tests give."""
    made, kept = [], set()
    for line, (_, phase) in zip(lines, steps):
        done, test = line.rsplit("\n", 1)
        made.append(done + (f"\n  mov.b64 %q{2 + phase}, %q1;" if phase not in kept else "") + "\n" + test)
        kept.add(phase)
    return made


ALL_HERE = "barrier.cluster.arrive.release.aligned;\n  barrier.cluster.wait.acquire.aligned;"
SHORT = "barrier.cluster.arrive.aligned;\n  barrier.cluster.wait.aligned;"  # the same
PEER = (
    "mov.u32 %r4, %cluster_ctarank;\n  mov.u32 %r5, smem;\n  xor.b32 %r6, %r4, 1;\n  mapa.shared::cluster.u32 %r7, %r5, %r6;\n  "
    "mad.lo.u32 %r8, %thread, 4, %r7;\n  mad.lo.u32 %r9, %thread, 4, %r5;\n  "
)  # %r8: this thread's word of the other block, %r9: its own
IN_CLUSTERS = [
    ("st.shared::cluster", f"{PEER}st.shared::cluster.b32 [%r8], %i0;\n  {ALL_HERE}\n  ld.shared.b32 %o0, [%r9];\n  {ALL_HERE}", "w", "w", 128),
    (
        "st.shared::cluster, barriers without a word",
        f"{PEER}st.shared::cluster.b32 [%r8], %i0;\n  {SHORT}\n  ld.shared.b32 %o0, [%r9];\n  {SHORT}",
        "w",
        "w",
        128,
    ),
    ("ld.shared::cluster", f"{PEER}st.shared.b32 [%r9], %i0;\n  {ALL_HERE}\n  ld.shared::cluster.b32 %o0, [%r8];\n  {ALL_HERE}", "w", "w", 128),
    (
        "atom.shared::cluster",
        f"{PEER}mov.b32 %r10, 5;\n  st.shared.b32 [%r9], %r10;\n  {ALL_HERE}\n  atom.shared::cluster.add.u32 %o0, [%r8], %i0;\n  "
        f"{ALL_HERE}\n  ld.shared.b32 %o1, [%r9];\n  {ALL_HERE}",
        "w",
        "ww",
        128,
    ),
    (
        "mapa, generic",
        f"{PEER}st.shared.b32 [%r9], %i0;\n  cvta.shared.u64 %q0, 0;\n  cvt.u64.u32 %q1, %r9;\n  add.s64 %q1, %q0, %q1;\n  "
        f"mapa.u64 %q2, %q1, %r6;\n  {ALL_HERE}\n  ld.b32 %o0, [%q2];\n  getctarank.u64 %o1, %q2;\n  {ALL_HERE}",
        "w",
        "ww",
        128,
    ),
    (
        "ranks",
        f"{PEER}mov.u32 %o0, %cluster_ctarank;\n  mov.u32 %o1, %cluster_nctarank;\n  mov.u32 %o2, %clusterid.x;\n  mov.u32 %o3, %nclusterid.x;\n  "
        "getctarank.shared::cluster.u32 %o4, %r8;\n  getctarank.shared::cluster.u32 %o5, %r9;",
        "",
        "wwwwww",
        128,
    ),
    (
        "mbarrier of another block",
        f".shared .align 8 .b8 bar[8];\n  {PEER}mov.u32 %r0, bar;\n  mapa.shared::cluster.u32 %r1, %r0, %r6;\n  "
        "setp.eq.u32 %p0, %thread, 0;\n  @%p0 mbarrier.init.shared.b64 [%r0], 32;\n  @%p0 fence.mbarrier_init.release.cluster;\n  "
        f"{ALL_HERE}\n  st.shared::cluster.b32 [%r8], %i0;\n  mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r1];\n  "
        + wait("mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %p1, [%r0], 0")
        + f"\n  ld.shared.b32 %o0, [%r9];\n  {ALL_HERE}",
        "w",
        "w",
        128,
    ),
    (
        "cp.async.bulk to another block",
        f".shared .align 8 .b8 bar[8];\n  {PEER}mov.u32 %r0, bar;\n  mapa.shared::cluster.u32 %r1, %r0, %r6;\n  "
        "add.s32 %r2, %r7, 512;\n  mad.lo.u32 %r10, %thread, 16, %r5;\n  st.shared.v4.b32 [%r10], {%i0, %i1, %i0, %i1};\n  "
        "setp.eq.u32 %p0, %thread, 0;\n  "
        "@%p0 mbarrier.init.shared.b64 [%r0], 1;\n  @%p0 fence.mbarrier_init.release.cluster;\n  "
        "@%p0 mbarrier.arrive.expect_tx.shared.b64 %q0, [%r0], 512;\n  "
        f"fence.proxy.async;\n  {ALL_HERE}\n  "
        "@%p0 cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%r2], [%r5], 512, [%r1];\n  "
        + wait("mbarrier.try_wait.parity.shared.b64 %p1, [%r0], 0")
        + "\n  ld.shared.v2.b32 {%o0, %o1}, [%r10 + 512];\n  "
        + ALL_HERE,
        "ww",
        "ww",
        1024,
    ),
]
ALONE = [
    ("elect.sync", "elect.sync _|%p0, -1;\n  vote.sync.ballot.b32 %r0, %p0, -1;\n  popc.b32 %o0, %r0;", "sm_90", "", "w", 32),
    ("griddepcontrol", "griddepcontrol.wait;\n  add.s32 %o0, %i0, 1;\n  griddepcontrol.launch_dependents;", "sm_90", "w", "w", 32),
    (
        "setmaxnreg",
        "mov.b32 %o0, %i0;\n  setp.ge.u32 %p1, %thread, 256;\n  @%p1 bra.uni joined;\n  setp.lt.u32 %p0, %thread, 128;\n  "
        "@%p0 bra less;\n  setmaxnreg.inc.sync.aligned.u32 168;\n  add.s32 %o0, %o0, 3;\n  "
        "bra.uni joined;\nless:\n  setmaxnreg.dec.sync.aligned.u32 40;\n  add.s32 %o0, %o0, 5;\njoined:",
        "sm_90a",
        "w",
        "w",
        512,
    ),
]


def _words(count: int) -> tuple[int, ...]:
    return tuple((0x9E3779B1 * (i + 1)) & 0xFFFFFFFF for i in range(count))


def _multicast() -> Golden:
    """Each of two blocks has its half of a box sent to both."""
    wanted = TensorMap(tensors.BF16, (64, 40), tensors._strides(tensors.BF16, (64, 40)), (64, 8), (1, 1), 3)
    copy = "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster [%r3], [%map, {0, %r5}], [%r2], %h0"
    before = f"prefetch.tensormap [%map];\n  mov.b16 %h0, 3;\n  mov.u32 %r4, %cluster_ctarank;\n  mad.lo.u32 %r3, %r4, 1024, %r3;\n  mad.lo.u32 %r5, %r4, 8, 3;\n  {ALL_HERE}\n  "
    return tensors.loaded(
        "tensor map, multicast",
        copy,
        2048,
        before=before,
        after=f"\n  {ALL_HERE}",
        data=tensors._data(tensors.BF16, wanted),
        tensor_map=wanted,
        blocks=2,
        cluster=2,
    )


def goldens() -> list[Golden]:
    made = _barriers()
    for name, body, inputs, outputs, shared in IN_CLUSTERS:
        made.append(
            Golden(
                name=f"cluster, {name}",
                body=body,
                inputs=inputs,
                outputs=outputs,
                words=_words(len(inputs) * 64),
                blocks=2,
                cluster=2,
                shared=shared,
                target="sm_90",
            )
        )
    for name, body, target, inputs, outputs, threads in ALONE:
        made.append(
            Golden(
                name=name,
                body=body,
                inputs=inputs,
                outputs=outputs,
                words=_words(len(inputs) * threads),
                threads=threads,
                target=target,
                registers=65536 // threads if name == "setmaxnreg" else 0,
            )
        )
    return made + [_multicast()]

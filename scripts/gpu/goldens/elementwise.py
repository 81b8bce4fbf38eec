"""Instructions whose lanes know nothing of each other, a line each: opcode, the letter of the result's register, the operands. These are
letters of values.py or numbers as they stand. 512 threads have a case each."""

from __future__ import annotations

import random
import zlib

from goldens import values
from goldens.golden import Golden, Judge

THREADS, BLOCKS = 256, 2

EXACT = """
add.rn.f32 w f f | sub.rn.f32 w f f | mul.rn.f32 w f f | fma.rn.f32 w f f f | div.rn.f32 w f f | rcp.rn.f32 w f | sqrt.rn.f32 w f
add.f32 w f f | sub.f32 w f f | mul.f32 w f f | add.rz.f32 w f f | mul.rz.f32 w f f | fma.rz.f32 w f f f | fma.rn.ftz.f32 w f f f
add.ftz.f32 w f f | mul.ftz.f32 w f f | fma.rn.sat.f32 w f f f | add.sat.f32 w f f | min.f32 w f f
max.f32 w f f | min.NaN.f32 w f f | max.NaN.f32 w f f | min.ftz.f32 w f f | max.ftz.f32 w f f | copysign.f32 w f f | testp.finite.f32 p f
testp.notanumber.f32 p f | testp.subnormal.f32 p f | fma.rn.f16 h h h h | fma.rn.f16x2 w x x x | fma.rn.bf16 h b b b | fma.rn.bf16x2 w y y y
fma.rn.relu.f16 h h h h | fma.rn.relu.bf16x2 w y y y | add.f16 h h h | sub.f16 h h h | mul.f16 h h h | add.f16x2 w x x | sub.f16x2 w x x
mul.f16x2 w x x | min.f16 h h h | max.f16 h h h | max.f16x2 w x x | max.NaN.f16x2 w x x | min.bf16x2 w y y | max.bf16x2 w y y
max.NaN.bf16 h b b | setp.eq.f16 p h h | setp.lt.f16 p h h | setp.gt.bf16 p b b @sm_90 | add.f64 q d d
mul.f64 q d d | fma.rn.f64 q d d d | setp.eq.f32 p f f | setp.ne.f32 p f f | setp.lt.f32 p f f | setp.le.f32 p f f | setp.gt.f32 p f f
setp.ge.f32 p f f | setp.equ.f32 p f f | setp.neu.f32 p f f | setp.ltu.f32 p f f | setp.leu.f32 p f f | setp.gtu.f32 p f f
setp.geu.f32 p f f | setp.num.f32 p f f | setp.nan.f32 p f f | setp.lt.ftz.f32 p f f | setp.lt.and.f32 p f f p | setp.gt.or.f32 p f f p
setp.ne.xor.f32 p f f p | setp.eq.b32 p i i | setp.ne.b32 p i i | setp.eq.s32 p i i | setp.ne.s32 p i i | setp.lt.s32 p i i
setp.le.s32 p i i | setp.gt.s32 p i i | setp.ge.s32 p i i | setp.lt.u32 p i i | setp.le.u32 p i i | setp.gt.u32 p i i | setp.ge.u32 p i i
setp.eq.b64 p q q | setp.lt.s64 p q q | setp.lt.u64 p q q | setp.gt.s64 p q q | setp.gt.u64 p q q | setp.ge.u64 p q q | setp.ne.b64 p q q
setp.lt.s16 p k k | setp.gt.u16 p k k | setp.eq.b16 p k k | setp.ne.b16 p k k | selp.b16 h k k p | selp.b32 w i i p | selp.f32 w f f p
selp.b64 q q q p | slct.f32.s32 w f f i | slct.f32.f32 w f f f | slct.b32.s32 w i i i | and.pred p p p | or.pred p p p | xor.pred p p p
not.pred p p | mov.pred p p | and.b16 h k k | or.b16 h k k | xor.b16 h k k | not.b16 h k | and.b32 w i i | or.b32 w i i | xor.b32 w i i
not.b32 w i | and.b64 q q q | or.b64 q q q | xor.b64 q q q | not.b64 q q | lop3.b32 w i i i 0x96 | lop3.b32 w i i i 0xca | shl.b16 h k s
shl.b32 w i s | shl.b64 q q s | shr.u16 h k s | shr.s16 h k s | shr.u32 w i s | shr.s32 w i s | shr.u64 q q s | shr.s64 q q s
shf.l.wrap.b32 w i i s | shf.r.wrap.b32 w i i s | shf.l.clamp.b32 w i i s | shf.r.clamp.b32 w i i s | bfe.u32 w i s s | bfe.s32 w i s s
bfe.u32 w i 3 5 | bfi.b32 w i i s s | prmt.b32 w i i i | brev.b32 w i | popc.b32 w i | clz.b32 w i | bfind.u32 w i | add.s16 h k k
sub.s16 h k k | mul.lo.s16 h k k | mul.wide.u16 w k k | mul.wide.s16 w k k | add.s32 w i i | add.u32 w i i | sub.s32 w i i
mul.lo.s32 w i i | mul.hi.u32 w i i | mul.hi.s32 w i i | mul.wide.u32 q i i | mul.wide.s32 q i i | mad.lo.s32 w i i i | mad.lo.u32 w i i i
mad.hi.u32 w i i i | mad.wide.u32 q i i q | mad.wide.s32 q i i q | min.s32 w i i | max.s32 w i i | min.u32 w i i | max.u32 w i i
neg.s32 w i | abs.s32 w i | min.s64 q q q | max.u64 q q q | div.u32 w i n | rem.u32 w i n | div.s32 w i 7 | rem.s32 w i 49
dp4a.u32.u32 w i i i | dp4a.s32.s32 w i i i | div.u32 w i 3 | div.u32 w i 7 | div.u32 w i 49 | div.u32 w i 56 | div.u32 w i 641
rem.u32 w i 7 | rem.u32 w i 112 | rem.u32 w i 12544 | add.s64 q q q | sub.s64 q q q | mul.lo.s64 q q q | mul.hi.u64 q q q | neg.s64 q q
mad.lo.s64 q q q q | cvt.rn.f16.f32 h t | cvt.rz.f16.f32 h t | cvt.rn.bf16.f32 h t | cvt.rz.bf16.f32 h t | cvt.rna.tf32.f32 w t
cvt.rn.relu.f16.f32 h t | cvt.rn.relu.bf16.f32 h t | cvt.rn.f16x2.f32 w t t | cvt.rz.f16x2.f32 w t t | cvt.rn.bf16x2.f32 w t t
cvt.rz.bf16x2.f32 w t t | cvt.rn.relu.f16x2.f32 w t t | cvt.rn.relu.bf16x2.f32 w t t | cvt.f32.f16 w h
cvt.sat.f32.f32 w f | cvt.rn.f32.s32 w i
cvt.rn.f32.u32 w i | cvt.rz.f32.u32 w i | cvt.rn.f32.u64 w q | cvt.rn.f32.s64 w q | cvt.rn.f16.s32 h i | cvt.rn.f32.f64 w d
cvt.rni.s32.f32 w f | cvt.rzi.s32.f32 w f | cvt.rmi.s32.f32 w f | cvt.rpi.s32.f32 w f | cvt.rzi.u32.f32 w f
cvt.rni.s64.f32 q f | cvt.rzi.u64.f32 q f | cvt.u64.u32 q i | cvt.s64.s32 q i | cvt.u32.u64 w q | cvt.s64.s16 q k | cvt.s32.s16 w k
cvt.u16.u32 h i | cvt.u32.u16 w k | cvt.u64.u16 q k | cvt.sat.s8.s32 w i | cvt.sat.u8.s32 w i | cvt.sat.u16.s32 h i | cvt.s8.s32 w i
mov.b16 h k | mov.b32 w i | mov.b64 q q | mov.u32 w i | mov.f32 w f
"""

# Where the ISA promises an error, not bits, or not those of a NaN (0 ulp). Where it gives a relative error of 2^-e, 2^(24-e) ulp and
# what rounds.
APPROXIMATE = """
ex2.approx.f32 2 e | ex2.approx.ftz.f32 2 e | rcp.approx.f32 1 f | rcp.approx.ftz.f32 1 f | sqrt.approx.f32 2 f | sqrt.approx.ftz.f32 2 f
rsqrt.approx.f32 3 f | rsqrt.approx.ftz.f32 3 f | div.full.f32 2 e e | div.approx.f32 2 a e | tanh.approx.f32 8192 a | cvt.f32.bf16 0 b @sm_90
neg.f32 0 f | abs.f32 0 f | cvt.rni.f32.f32 0 t | cvt.rzi.f32.f32 0 t | cvt.rmi.f32.f32 0 t | cvt.rpi.f32.f32 0 t
"""
# And where it is absolute, within the range that it is given for.
ABSOLUTE = "sin.approx.f32 2^-20 a | cos.approx.f32 2^-20 a"


def _lines(text: str) -> list[list[str]]:
    return [line.split() for row in text.strip().splitlines() for line in row.split("|")]


def _golden(opcode: str, result: str, operands: list[str], judge: Judge) -> Golden:
    target = operands.pop()[1:] if operands[-1].startswith("@") else "sm_80"
    letters = [operand for operand in operands if operand in values.KINDS]
    name = " ".join([opcode, *(operand for operand in operands if operand not in values.KINDS)])
    draw, threads = random.Random(zlib.crc32(name.encode())), THREADS * BLOCKS
    columns = [(letter, values.column(letter, place, threads, draw)) for place, letter in enumerate(letters)]
    registers = iter(range(len(letters)))
    text = ", ".join(f"%i{next(registers)}" if operand in values.KINDS else operand for operand in operands)
    return Golden(
        name=name,
        body=f"{opcode} %o0, {text};",
        inputs="".join(values.WIDTH.get(letter, "w") for letter in letters),
        outputs=result,
        words=values.words(columns),
        threads=THREADS,
        blocks=BLOCKS,
        target=target,
        judge=judge,
    )


def goldens() -> list[Golden]:
    made = [_golden(opcode, result, operands, Judge()) for opcode, result, *operands in _lines(EXACT)]
    made += [_golden(opcode, "w", operands, Judge("ulps", float(most))) for opcode, most, *operands in _lines(APPROXIMATE)]
    return made + [_golden(opcode, "w", operands, Judge("absolute", 2.0**-20)) for opcode, _, *operands in _lines(ABSOLUTE)]

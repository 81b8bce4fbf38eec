"""Which forms of instructions a text of PTX contains: the opcode with its modifiers, and what else decides what is done."""

from __future__ import annotations

import functools
import re

COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
LABEL = re.compile(r"^\s*[$%\w]+:\s*")
GUARD = re.compile(r"^@!?%?\w+\s+")
BRACKET = re.compile(r"[{[(]")
SPECIAL = re.compile(r"%(?:tid|ntid|ctaid|nctaid|laneid|warpid|clusterid|cluster_ctarank|cluster_ctaid|smid)(?:\.[xyz])?\b")


def _operands(text: str) -> list[str]:
    """Between the commas outside of brackets."""
    if not BRACKET.search(text):
        return [part.strip() for part in text.split(",")]
    depth, parts = 0, [""]
    for c in text:
        depth += (c in "{[(") - (c in "}])")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts]


def form(statement: str) -> str | None:
    """Of one statement without its semicolon; none of a directive."""
    text = statement.strip().lstrip("{}").strip()
    while label := LABEL.match(text):
        text = text[label.end() :].lstrip("{} \n\t")
    text = GUARD.sub("", text)
    if not text or text.startswith("."):
        return None
    opcode, _, rest = text.partition(" ") if " " in text else text.partition("\t")
    opcode = opcode.strip()
    if not opcode.startswith(("cp.async.", "mov.")):
        return opcode
    operands = _operands(rest)
    if opcode.startswith(("cp.async.ca", "cp.async.cg")):
        return f"{opcode} {operands[2]}" + (" of fewer" if len(operands) > 3 else "")
    if opcode.startswith("mov.") and operands[0].startswith("{"):
        return f"{opcode} unpack"
    if opcode.startswith("mov.") and operands[1].startswith("{"):
        return f"{opcode} pack"
    if opcode.startswith("mov.") and (special := SPECIAL.fullmatch(operands[1])):
        return f"{opcode} {special[0]}"
    return opcode


@functools.cache
def forms(ptx: str) -> frozenset[str]:
    """Of the bodies of all kernels."""
    found: set[str] = set()
    for body in re.findall(r"\.entry[^{]*(\{.*?\n\})", COMMENT.sub("", ptx), re.DOTALL):
        for statement in body[1:-1].replace("\t", " ").split(";"):
            if one := form(statement):
                found.add(one)
    return frozenset(found)

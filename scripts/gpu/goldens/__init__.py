"""Small kernels, one for each form of instruction that Skip's kernels use or will use, with inputs drawn from seeds. They hold an
emulator to a GPU: what one gave is written down as text, and the other is held against it.

`golden.py` is what a golden is and how its kernel comes about; `elementwise.py`, `matrices.py`, `memory.py`, `tensors.py`,
`clusters.py` and `warpgroups.py` are tables of them; `forms.py` says which forms a text contains; `runs.py` runs and compares.
"""

from __future__ import annotations

from goldens import clusters, elementwise, matrices, memory, tensors, warpgroups
from goldens.golden import Golden


def everything() -> list[Golden]:
    rows = [golden for table in (elementwise, memory, matrices, tensors, clusters, warpgroups) for golden in table.goldens()]
    names = [golden.name for golden in rows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"goldens of one name: {', '.join(twice)}")
    return rows

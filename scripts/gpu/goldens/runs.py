"""Runs goldens on the driver that is there, writes down what they gave, and holds it against what was written down elsewhere.

A line of the text that is written has a golden's name, a checksum of its kernel and inputs, and its results: deflated, in base 64.
"""

from __future__ import annotations

import base64
import ctypes
import pathlib
import struct
import zlib

from driver import Device, DriverError
from goldens.golden import Golden, differences, entry, head

Results = dict[str, bytes | str]  # of a golden: its results, or why there are none


def runs_on(golden: Golden, architecture: int) -> bool:
    """Code for sm_90a runs on sm_90 alone."""
    wanted = golden.target.removeprefix("sm_")
    return architecture == int(wanted[:-1]) if wanted.endswith("a") else architecture >= int(wanted)


def run_one(device: Device, golden: Golden) -> bytes:
    module = device.load(head(golden.target) + entry(golden))
    size, words = golden.output_bytes(), golden.words or (0,)
    made = [
        device.allocate(struct.pack(f"<{len(words)}I", *words)),
        device.allocate(b"\xee" * max(size, 4)),
        device.allocate(golden.data or bytes(16)),
    ]
    arguments: list[object] = [ctypes.c_uint64(address) for address in made]
    if golden.tensor_map:
        arguments.append(device.encode(golden.tensor_map, made[2]))
    if golden.constant is not None:
        arguments.append(ctypes.c_uint32(golden.constant))
    device.launch(device.function(module, "golden"), golden.blocks, golden.threads, arguments)
    result = (device.read(made[1], size) if size else b"") + (device.read(made[2], len(golden.data)) if golden.returns_data else b"")
    for address in made:
        device.free(address)
    device.unload(module)
    return result


def run(goldens: list[Golden]) -> tuple[str, Results]:
    """The device's name, and what each golden gave. A fault ends a golden alone: the next has a context of its own."""
    device, results = Device(), Results()
    name, architecture = device.name, device.architecture
    for golden in goldens:
        if not runs_on(golden, architecture):
            results[golden.name] = f"not for sm_{architecture}"
            continue
        try:
            results[golden.name] = run_one(device, golden)
        except DriverError as error:
            results[golden.name] = f"failed: {error}"
            device.close()
            device = Device()
    device.close()
    return name, results


def _stamp(golden: Golden) -> str:
    return f"{zlib.crc32(repr(golden).encode()):08x}"


def write(path: pathlib.Path, goldens: list[Golden], device: str, results: Results) -> None:
    lines = [f"# what {device} gave"]
    for golden in goldens:
        if isinstance(result := results[golden.name], bytes):
            lines.append("\t".join([golden.name, _stamp(golden), base64.b64encode(zlib.compress(result, 9)).decode()]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: pathlib.Path, goldens: list[Golden]) -> Results:
    """Raises ValueError where the file is none of these, or of other goldens."""
    stamps, results = {golden.name: _stamp(golden) for golden in goldens}, Results()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            continue
        try:
            name, stamp, text = line.split("\t")
            unpack = zlib.decompressobj()
            result = unpack.decompress(base64.b64decode(text, validate=True), 1 << 24)
        except (ValueError, zlib.error) as error:
            raise ValueError(f"{path}, line {number}: a name, a checksum and results between tabs are expected") from error
        if stamps.get(name) != stamp:
            raise ValueError(f"{path}, line {number}: `{name}` was another kernel, or had other inputs, when this was written")
        results[name] = result
    return results


def compare(goldens: list[Golden], mine: Results, others: Results, by: str) -> tuple[bool, list[str]]:
    """A row each of what is judged by less than its bits, does not agree or did not run; the rest are counted."""
    rows, same, good, wide = [], 0, True, max(len(golden.name) for golden in goldens)
    for golden in goldens:
        result, other = mine[golden.name], others.get(golden.name)
        if not isinstance(result, bytes) or not isinstance(other, bytes):
            skipped = not isinstance(result, bytes) and result.startswith("not for")
            good &= skipped
            reason = result if isinstance(result, str) else f"{by} has no results"
            rows.append(f"{'skipped' if skipped else 'BAD    '} {golden.name.ljust(wide)} {reason}")
            continue
        unequal, worst, agrees = differences(golden, result, other)
        good &= agrees
        if agrees and unequal == 0:
            same += 1
            continue
        far = "" if golden.judge.rule == "bits" else f", at most {worst:g} apart"
        rows.append(
            f"{'good   ' if agrees else 'BAD    '} {golden.name.ljust(wide)} judged by {golden.judge.text()}: {unequal} of {len(result) // 4} "
            f"words differ{far}"
        )
    return good, rows + [f"{same} of {len(goldens)} goldens are bit for bit as on {by}"]

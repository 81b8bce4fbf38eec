"""The virtual environment below build/, and what is installed there. Standard library only: it runs before there is anything else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "build" / "peers-venv"
PYTHON = FOLDER / "bin" / "python"
BASE = ("numpy", "onnx", "matplotlib")


@dataclass(frozen=True)
class Peer:
    """`packages[0]` is the one whose version is shown."""

    title: str
    packages: tuple[str, ...]
    program: str


PEERS = {
    "onnxruntime": Peer("ONNX Runtime", ("onnxruntime",), "onnxruntime_peer.py"),
    "openvino": Peer("OpenVINO", ("openvino",), "openvino_peer.py"),
    "torch": Peer("PyTorch", ("torch",), "torch_peer.py"),
    "iree": Peer("IREE", ("iree-base-compiler", "iree-base-runtime"), "iree_peer.py"),
    "tvm": Peer("TVM", ("apache-tvm",), "tvm_peer.py"),
}


def inside() -> bool:
    return Path(sys.prefix) == FOLDER


def create() -> None:
    if not PYTHON.exists():
        venv.create(FOLDER, with_pip=True)


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments], capture_output=True, text=True)


def installed() -> dict[str, str]:
    """Name to version of every package that is there."""
    return {p["name"].lower(): p["version"] for p in json.loads(_pip("list", "--format=json").stdout)}


def _last_error(text: str) -> str:
    """The last line that says what went wrong, without addresses."""
    lines = [line for line in text.splitlines() if line.startswith("ERROR:")] or text.splitlines() or ["no reason given"]
    return re.sub(r"\S+://\S+", "...", lines[-1].removeprefix("ERROR:").strip())


def install(packages: tuple[str, ...], present: dict[str, str]) -> str | None:
    """Installs what is missing, wheels only. Returns why that failed, or nothing."""
    missing = [p for p in packages if p not in present]
    if not missing:
        return None
    done = _pip("install", "--quiet", "--only-binary", ":all:", *missing)
    return _last_error(done.stderr) if done.returncode else None


def install_all(peers: list[str]) -> dict[str, str]:
    """Installs the base and the peers one by one. Returns the reason for each peer that would not install."""
    present = installed()
    if reason := install(BASE, present):
        raise RuntimeError(f"{', '.join(BASE)} cannot be installed: {reason}")
    reasons = {name: install(PEERS[name].packages, present) for name in peers}
    return {name: f"did not install: {reason}" for name, reason in reasons.items() if reason}

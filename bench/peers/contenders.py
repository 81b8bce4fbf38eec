"""The programs that are measured: Skip and its peers, each a command that prints one JSON object."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from artifacts import skip_folder
from environment import PEERS, PROJECT
from networks import Network

LIMIT_SECONDS = 600  # for a process; compiling a deep network takes minutes
HERE = Path(__file__).resolve().parent
MODELS = PROJECT / "models"
MEASURED = ("first_ms", "median_ms", "min_ms", "peak_mib")


class Failed(Exception):
    """A program ended badly; the text says how, in one line."""


@dataclass(frozen=True)
class Case:
    """One network at one batch size, exported."""

    network: Network
    batch: int
    threads: int
    model: Path

    def about(self) -> dict[str, object]:
        return json.loads(self.model.with_suffix(".json").read_text())


def title(name: str) -> str:
    return "Skip" if name == "skip" else PEERS[name].title


def _environment(threads: int) -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": str(threads), "TVM_NUM_THREADS": str(threads),
                         "TORCHINDUCTOR_CACHE_DIR": str(PROJECT / "build" / "peers" / "inductor")}


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return f"ended by signal {-done.returncode}"
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    errors = [line for line in lines if "error" in line.lower()] or lines or [""]
    return f"exit code {done.returncode}: {errors[-1].strip()[:160]}"


def _communicate(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Whatever ends the wait, nothing that the process started goes on."""
    try:
        output, errors = process.communicate(timeout=LIMIT_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def execute(command: list[str], threads: int) -> str:
    """The command's standard output. Raises Failed."""
    try:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=_environment(threads), start_new_session=True) as process:
            done = _communicate(process)
    except OSError as error:
        raise Failed(f"`{Path(command[0]).name}` cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Failed(f"took longer than {LIMIT_SECONDS} s") from error
    if done.returncode:
        raise Failed(_reason(done))
    return done.stdout


def json_of(output: str) -> dict[str, object]:
    """The object that the output ends with: it starts at the last line that begins with a brace."""
    start = output.rfind("\n{") + 1
    try:
        return json.loads(output[start:])
    except json.JSONDecodeError as error:
        raise Failed("printed no JSON object") from error


def skip_arguments(case: Case) -> list[str]:
    return [*case.network.spec_arguments(MODELS), "--weights", str(case.about()["weights"]), "--batch", str(case.batch)]


def build_skip(case: Case, skipc: Path) -> None:
    """The library that skip_peer.py loads: made for each comparison, since the compiler may be another than last time. Raises Failed."""
    execute([str(skipc), "build", *skip_arguments(case), "--name", "net", "--emit", "shared", "--output", str(skip_folder(case.model))],
            case.threads)


def measure(name: str, case: Case, seconds: float, logits: Path) -> dict[str, object]:
    """One process: what protocol.py says that it prints. Raises Failed."""
    program = HERE / ("skip_peer.py" if name == "skip" else PEERS[name].program)
    numbers = (str(case.batch), str(case.threads), str(seconds))
    result = json_of(execute([sys.executable, str(program), str(case.model), *numbers, str(logits)], case.threads))
    lacking = [key for key in MEASURED if not isinstance(result.get(key), float | int)]
    if lacking:
        raise Failed(f"its JSON lacks {', '.join(lacking)}")
    return result


def peak_gflops(case: Case, skipc: Path) -> float | None:
    """What Skip measures as the most that this machine's multiply-adds reach, where it does."""
    try:
        command = [str(skipc), "bench", *skip_arguments(case), "--threads", str(case.threads), "--steps", "--seconds", "0.5", "--json"]
        return float(json_of(execute(command, case.threads))["measurements"][0]["peak_gflops"])
    except (Failed, KeyError, TypeError, ValueError):
        return None

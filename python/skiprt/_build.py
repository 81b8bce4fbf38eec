"""`skipc build`, and the library that it makes."""
import json
import os
import shutil
import subprocess
import tempfile

from ._model import Model, load


class CompilerError(Exception):
    """skipc refused or failed; the text is what it said."""


def compile(spec, weights=None, output=None, *, batch=1, defines=None, name=None, target=None, flags=(), skipc=None, threads=0) -> Model:
    """Builds a library from a .skip file or a name of the catalogue, and loads it.

    weights: a checkpoint, embedded in the library, or `random:SEED`. output: the folder for the library (default: a temporary one, gone
    with the process). batch: the largest number of pictures of a run, or several to choose schedules for. defines: values of the spec's
    parameters. target: `x86` (default), `cuda`, or both with a comma between. flags: more of `skipc build --help`. skipc: the compiler
    (default: the environment's SKIPC, or that of PATH). threads: as of `load`.
    """
    compiler = skipc or os.environ.get("SKIPC") or shutil.which("skipc")
    if not compiler:
        raise FileNotFoundError("skipc is not on PATH: give skipc=, or set SKIPC in the environment")
    if output is None:
        output = _temporary_folder()
    batches = [batch] if isinstance(batch, int) else list(batch)
    command = [str(compiler), "build", os.fspath(spec), "-o", os.fspath(output), "--json", "--emit=shared", "--batch", ",".join(map(str, batches))]
    if weights is not None:
        command += ["--weights", os.fspath(weights)]
    for key, value in (defines or {}).items():
        command += ["-D", f"{key}={value}"]
    if name is not None:
        command += ["--name", name]
    if target is not None:
        command += ["--target", target]
    done = subprocess.run(command + list(flags), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise CompilerError(done.stderr.strip() or f"skipc ended with status {done.returncode}")
    library = os.path.join(output, f"lib{json.loads(done.stdout)['model']}.so")
    return load(library, threads=threads)


_folders = []


def _temporary_folder() -> str:
    folder = tempfile.TemporaryDirectory(prefix="skiprt-")
    _folders.append(folder)  # its end removes it
    return folder.name

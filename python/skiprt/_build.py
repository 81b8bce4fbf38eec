"""`skipc build`, and the library that it makes."""
import json
import operator
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Mapping

import numpy as np

from ._arguments import integer, text
from ._model import Model, load


class CompilerError(Exception):
    """skipc refused or failed; the text is what it said."""


class CompilerWarning(UserWarning):
    """What skipc has to say about a spec that it compiles, as Python warns."""


def compile(spec, weights=None, output=None, *, batch=1, defines=None, name=None, target=None, flags=(), skipc=None, threads=0) -> Model:
    """Builds a library from a .skip file or a name of the catalogue, and loads it.

    weights: a checkpoint, embedded in the library, or `random:SEED`. output: the folder for the library (default: a temporary one, gone
    with the process). batch: the largest number of pictures of a run, or several to choose schedules for. defines: values of the spec's
    parameters. target: `x86` (default), `cuda`, or both with a comma between. flags: a list of more of `skipc build --help`. skipc: the
    compiler (default: the environment's SKIPC, or that of PATH). threads: as of `load`. What the compiler warns of in the spec is given
    as Python warnings of class CompilerWarning.
    """
    given = _arguments(batch, defines, name, target, flags)
    threads = integer("threads", threads)
    compiler = skipc or os.environ.get("SKIPC") or shutil.which("skipc")
    if not compiler:
        raise FileNotFoundError("skipc is not on PATH: give skipc=, or set SKIPC in the environment")
    if output is None:
        output = _temporary_folder()
    command = [str(compiler), "build", os.fspath(spec), "-o", os.fspath(output), "--json", "--emit=shared"]
    if weights is not None:
        command += ["--weights", os.fspath(weights)]
    done = subprocess.run(command + given, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise CompilerError(done.stderr.strip() or f"skipc ended with status {done.returncode}")
    try:
        said = json.loads(done.stdout)
        library = f"lib{said['model']}.so"
    except (ValueError, KeyError, TypeError):
        raise CompilerError(f"{compiler} did not say what it built: {(done.stdout + done.stderr)[:200]!r}") from None
    for warning in said.get("warnings", ()):
        warnings.warn(_one_line(warning), CompilerWarning, stacklevel=2)
    return load(os.path.join(os.fsdecode(output), library), threads=threads)


def _arguments(batch, defines, name, target, flags) -> "list[str]":
    """Of the command line; what is none of them is refused here, by the name that it has here."""
    if isinstance(flags, (str, bytes)):
        raise TypeError(f"flags: a list of texts is expected, not {flags!r}")
    batches = _batches(batch)
    if not batches:
        raise ValueError("batch: at least one number is expected")
    arguments = ["--batch", ",".join(map(str, batches))]
    if not isinstance(defines or {}, Mapping):
        raise TypeError(f"defines: a dict of names and values is expected, not {defines!r}")
    for key, value in (defines or {}).items():
        arguments += ["-D", f"{key}={str(value).lower() if isinstance(value, (bool, np.bool_)) else value}"]
    for flag, value in (("--name", text("name", name)), ("--target", text("target", target))):
        arguments += [] if value is None else [flag, value]
    return arguments + list(flags)


def _batches(batch) -> "list[int]":
    for numbers in (lambda: [operator.index(batch)], lambda: [operator.index(each) for each in batch]):
        try:
            return numbers()
        except TypeError:
            pass
    raise TypeError(f"batch: an integer or several are expected, not {batch!r}")


def _one_line(warning) -> str:
    """As the compiler writes it, without the excerpt."""
    place = ":".join(str(warning[key]) for key in ("file", "line", "column") if key in warning)
    return f"{place}: {warning['message']} [{warning['code']}]" if place else warning["message"]


_folders = []


def _temporary_folder() -> str:
    folder = tempfile.TemporaryDirectory(prefix="skiprt-")
    _folders.append(folder)  # its end removes it
    return folder.name

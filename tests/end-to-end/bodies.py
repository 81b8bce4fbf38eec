"""Which bodies a build has. Their plans differ, so what is right for one need not be right for another."""
import argparse
import subprocess
import sys

import real_data

# The flags that make a build hold: all bodies that run here (where a command's default is that), the AVX2 body, the AVX-512 body.
FLAGS = {"all": [], "avx2": ["--target-cpu", "x86-64-v3"], "avx512": ["--target-cpu", "x86-64-v4"]}


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bodies", choices=FLAGS, default="all", help="what each build holds (default: all that run here)")


def run_here(skipc: str) -> list[str]:
    """The keys of FLAGS whose builds run on this machine."""
    shown = subprocess.run([skipc, "tune", "--show", "--json"], capture_output=True, text=True, check=True).stdout
    return list(FLAGS) if " avx512 " in shown else ["all", "avx2"]


def skip_unless_run(skipc: str, bodies: str) -> None:
    """Ends the test as skipped, saying so, where such builds do not run."""
    if bodies not in run_here(skipc):
        print(f"skipped: this machine does not run builds of {bodies}")
        sys.exit(real_data.SKIPPED)

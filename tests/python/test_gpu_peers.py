"""The comparison on GPUs, as far as it goes without one: its table on numbers that are made up here and were measured nowhere, and what it
says where there is nothing to measure with."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

PEERS = pathlib.Path(__file__).resolve().parents[2] / "bench" / "peers"
sys.path.insert(0, str(PEERS))

import gpu_table
from gpu_table import Case, Series

MADE_UP = "made up for this test"


def made_up_case(**skip):
    ours = Series("Skip", MADE_UP, **({"seconds": [0.004, 0.005, 0.004], "error": 0.01} | skip))
    return Case("bf16", 256, 0.002, [ours, Series("PyTorch", MADE_UP, [0.008, 0.005, 0.012], 0.02),
                                     Series("PyTorch, compiled", failure="RuntimeError: no"),
                                     Series("cuDNN's convolutions", MADE_UP, [0.003] * 3, 0.001, whole=False)])



def test_a_row_has_medians_rates_and_the_share_of_the_roofline():
    text = gpu_table.table([made_up_case()]).splitlines()
    assert text[0].split() == ["precision", "batch", "contender", "ms", "images/s", "of", "roofline", "error", "Skip/peer", "range"]
    assert text[1].split() == ["bf16", "256", "Skip", "4.000", "64000", "50", "%", "1e-02"]
    assert text[2].split() == ["bf16", "256", "PyTorch", "8.000", "32000", "25", "%", "2e-02", "2.00", "1.00", "..", "3.00"]


def test_a_failure_is_a_sentence_and_moves_no_column():
    case = made_up_case()
    text = gpu_table.table([case]).splitlines()
    assert text[3].endswith("PyTorch, compiled     failed: RuntimeError: no")
    case.series[2].failure = "x" * 200
    assert gpu_table.table([case]).splitlines()[:3] == text[:3]


def test_what_is_not_the_whole_network_has_a_time_and_no_more():
    assert gpu_table.table([made_up_case()]).splitlines()[4].split() == ["bf16", "256", "cuDNN's", "convolutions", "3.000", "1e-03"]


def test_no_share_where_the_gpu_is_unknown():
    case = made_up_case()
    case.roofline_seconds = None
    assert "%" not in gpu_table.table([case])


def test_rounds_are_compared_and_only_where_both_have_times():
    case = made_up_case()
    assert gpu_table.ratios(case, case.series[1]) == pytest.approx([2, 1, 3])
    assert gpu_table.ratios(case, case.series[0]) == gpu_table.ratios(case, case.series[2]) == gpu_table.ratios(case, case.series[3]) == []
    failed = made_up_case(seconds=[], failure="no")
    assert gpu_table.ratios(failed, failed.series[1]) == []
    assert "failed: no" in gpu_table.table([failed])


@pytest.mark.parametrize("error, right", [(0.05, True), (0.2, False), (float("inf"), False), (float("nan"), False), (None, False)])
def test_times_count_only_of_what_is_right(error, right):
    judged = gpu_table.judged(Series("PyTorch", MADE_UP, [1.0], error), 0.1)
    assert bool(judged.seconds) == right == (not judged.failure)


def test_writes_what_it_shows(tmp_path):
    gpu_table.write_json(tmp_path / "x.json", "no GPU", [made_up_case()])
    read = json.loads((tmp_path / "x.json").read_text())
    assert read["gpu"] == "no GPU" and read["cases"][0]["series"][1]["seconds"] == [0.008, 0.005, 0.012]
    assert gpu_table.settings([made_up_case()])[0] == f"PyTorch: {MADE_UP}"


def run(tmp_path, torch, *arguments):
    """With a module in PyTorch's place."""
    (tmp_path / "torch.py").write_text(torch)
    return subprocess.run([sys.executable, str(PEERS / "gpu.py"), "--pack", str(tmp_path), *arguments], env={**os.environ, "PYTHONPATH": str(tmp_path)},
                          capture_output=True, text=True, check=False, cwd=tmp_path)


class_of_cuda = "__version__ = '0'\nclass cuda:\n    is_available = staticmethod(lambda: {})\n"


@pytest.mark.parametrize("torch, reason", [("raise ImportError()", "PyTorch is not here"), (class_of_cuda.format(False), "PyTorch 0 finds no GPU")])
def test_without_a_gpu_it_says_so_and_ends_well(tmp_path, torch, reason):
    done = run(tmp_path, torch)
    assert (done.returncode, done.stdout) == (0, f"skipped GPU peers: {reason}, so nothing was measured\n")
    assert not list(tmp_path.glob("*.json"))


def test_says_what_it_lacks_and_refuses_what_is_none(tmp_path):
    done = run(tmp_path, class_of_cuda.format(True))
    assert done.returncode == 2 and "scripts/gpu-check.sh --pack" in done.stderr
    for wrong in (["--batch", "2"], ["--batch", "1,x"], ["--precision", "f64"]):
        done = run(tmp_path, "raise ImportError()", *wrong)
        assert done.returncode == 2 and "is not of" in done.stderr

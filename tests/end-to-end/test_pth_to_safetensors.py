#!/usr/bin/env python3
"""Which tensors of a checkpoint are the network's. PyTorch need not be there: what is asked of it is a class of tensors."""
import contextlib
import importlib.util
import io
import pathlib
import types
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "pth_to_safetensors.py"
specification = importlib.util.spec_from_file_location("pth_to_safetensors", SCRIPT)
script = importlib.util.module_from_spec(specification)
specification.loader.exec_module(script)


class Tensor:
    def __init__(self, dimensions: int):
        self.dimensions = dimensions

    def dim(self) -> int:
        return self.dimensions


TORCH = types.SimpleNamespace(Tensor=Tensor)
NETWORK = {"conv1.weight": Tensor(4), "bn1.bias": Tensor(1), "bn1.num_batches_tracked": Tensor(0)}


def found(checkpoint: object) -> list[str]:
    with contextlib.redirect_stderr(io.StringIO()):
        return list(script.find_state_dict(TORCH, checkpoint, "x.pth"))


class FindStateDict(unittest.TestCase):
    def test_the_file_itself(self):
        self.assertEqual(found(NETWORK), list(NETWORK))

    def test_tensors_beside_the_network(self):
        for beside in ({"best_acc1": Tensor(0)}, {"loss": Tensor(0), "epoch": 3}, {"history": Tensor(1)}):
            for holder in ("state_dict", "model_state_dict", "model", "net", "anything"):
                self.assertEqual(found({**beside, holder: NETWORK}), list(NETWORK))

    def test_an_optimizer_is_no_network(self):
        self.assertEqual(found({"optimizer": {"state": {0: {"exp_avg": Tensor(4)}}}, "model": NETWORK}), list(NETWORK))

    def test_one_of_several(self):
        self.assertEqual(found({"state_dict_ema": {"a": Tensor(2)}, "state_dict": NETWORK}), list(NETWORK))
        self.assertEqual(found({"outer": {"model": NETWORK}, "teacher": {"a": Tensor(2)}}), list(NETWORK))

    def test_what_cannot_be_told_is_refused(self):
        for checkpoint, said in (({"a": NETWORK, "b": NETWORK}, "several dicts of weights found (a, b)"),
                                 ({"x": {"model": NETWORK}, "y": {"model": NETWORK}}, "several dicts"),
                                 ({"best_acc1": Tensor(0), "epoch": 1}, "no dicts of weights found (`best_acc1`, `epoch`)"),
                                 ({}, "it is empty"), ([Tensor(4)], "a list")):
            with self.assertRaises(SystemExit) as refused:
                found(checkpoint)
            self.assertIn(said, str(refused.exception))


if __name__ == "__main__":
    unittest.main()

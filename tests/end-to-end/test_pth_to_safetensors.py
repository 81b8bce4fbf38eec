#!/usr/bin/env python3
"""Which tensors of a checkpoint are the network's. PyTorch need not be there: what is asked of it is a class of tensors."""
import contextlib
import importlib.util
import io
import pathlib
import re
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


VECTORS = {"weight": Tensor(1), "bias": Tensor(1)}
OPTIMIZER = {"state": {0: {"exp_avg": Tensor(4), "step": Tensor(0)}}, "param_groups": [{"lr": 0.1}]}


def deep(depth: int, value: object) -> object:
    return {"a": deep(depth - 1, value)} if depth else value


# Tensors that may be the network's lie in more than one place, or where no names are: to write one of them would be less than a network.
REFUSED = {
    "vectors in the state dict, a matrix beside it": ({"state_dict": VECTORS, "best": Tensor(2)}, "(the file itself, state_dict)"),
    "vectors only": ({"state_dict": VECTORS}, "no dicts of weights found (`state_dict`)"),
    "a dict of vectors in the state dict": ({"conv.weight": Tensor(4), "bn": VECTORS}, "(the file itself, bn)"),
    "the same, in a holder": ({"state_dict": {"conv.weight": Tensor(4), "bn": VECTORS}}, "(state_dict, state_dict.bn)"),
    "a head of vectors": ({"backbone": NETWORK, "head": {"bias": Tensor(1)}}, "(backbone, head)"),
    "a head of numbers": ({"model": NETWORK, "head": {"scale": Tensor(0)}}, "(model, head)"),
    "a list of dicts": ({"layers": [NETWORK, NETWORK], "fc": NETWORK}, "(layers.0, layers.1, fc)"),
    "a tuple of dicts": ({"model": (NETWORK, NETWORK), "fc": NETWORK}, "(model.0, model.1, fc)"),
    "a list of tensors": ({"conv.weight": Tensor(4), "blocks": [Tensor(2)]}, "(the file itself, blocks, which is no dict)"),
    "a list of dicts alone": ([NETWORK, NETWORK], "(0, 1)"),
    "a set of tensors": ({"model": NETWORK, "rest": {Tensor(2)}}, "(model, rest, which is no dict)"),
    "a list of tensors alone": ({"weights": [Tensor(2)]}, "no dicts of weights found (`weights`)"),
    "a tensor alone": (Tensor(2), "a Tensor"),
    "upscaler is no scaler": ({"upscaler": NETWORK, "backbone": NETWORK}, "(upscaler, backbone)"),
    "scheduled is no scheduler": ({"scheduled_sampling_net": NETWORK, "b": NETWORK}, "(scheduled_sampling_net, b)"),
    "optimized is no optimizer": ({"optimized_model": NETWORK, "x": NETWORK}, "(optimized_model, x)"),
    "an optimizing network": ({"optim_model": NETWORK, "x": NETWORK}, "(optim_model, x)"),
    "a scaler that holds a matrix": ({"backbone": NETWORK, "scaler": {"weight": Tensor(2)}}, "(backbone, scaler)"),
    "a scaler that holds a bias": ({"backbone": NETWORK, "scaler": {"bias": Tensor(1)}}, "(backbone, scaler)"),
    "a scaler in the network": ({"conv.weight": Tensor(4), "scaler": {"scale": Tensor(0)}}, "(the file itself, scaler)"),
    "an optimizer alone": ({"optimizer": OPTIMIZER}, "no dicts of weights found (`optimizer`)"),
    "weights deep down": ({**deep(5, NETWORK), "z": NETWORK}, "(a.a.a.a.a, z)"),
    "a number that no holder makes training's": ({"backbone": NETWORK, "logit_scale": Tensor(0)}, "(the file itself, backbone)"),
    "a number in the model": ({"model": {"backbone": NETWORK, "scale": Tensor(0)}}, "(model, model.backbone)"),
    "a parameter beside the model": ({"model": NETWORK, "fc.bias": Tensor(1)}, "(the file itself, model)"),
    "a matrix beside the model": ({"model": NETWORK, "loss": Tensor(2)}, "(the file itself, model)"),
    "model and head": ({"model": NETWORK, "head": NETWORK}, "(model, head)"),
    "net and classifier": ({"net": NETWORK, "classifier": NETWORK}, "(net, classifier)"),
    "state_dict and fc": ({"state_dict": NETWORK, "fc": VECTORS}, "(state_dict, fc)"),
    "model and net": ({"model": NETWORK, "net": NETWORK}, "(model, net)"),
    "a moving average of what?": ({"x": NETWORK, "ema": NETWORK}, "(x, ema)"),
    "a moving average in the model": ({"model": {**NETWORK, "ema": VECTORS}}, "(model, model.ema)"),
    "two moving averages": ({"ema": {"model": NETWORK}, "teacher": {"model": NETWORK}}, "(ema.model, teacher.model)"),
    "schema is no moving average": ({"model": NETWORK, "schema": NETWORK}, "(model, schema)"),
    "numbers as names": ({0: Tensor(2), 1: Tensor(2)}, "is called 0, which is no string"),
    "names that would become one": ({0: Tensor(2), "0": Tensor(2)}, "is called 0, which is no string"),
    "many dicts": ({str(i): NETWORK for i in range(11)}, "5, 6, 7, and 3 more)"),
}

# What lies beside NETWORK and is left out, and what is said of that.
LEFT_OUT = {
    "optimizers": ({"model": NETWORK, "optimizer": OPTIMIZER, "optim": OPTIMIZER, "optimizer_state_dict": OPTIMIZER,
                    "optimizer_states": [OPTIMIZER]}, ["optimizer", "optim", "optimizer_state_dict", "optimizer_states"]),
    "an optimizer of another name": ({"net": NETWORK, "opt": {"state": {0: {"exp_avg": Tensor(4)}}, "param_groups": []}}, ["opt"]),
    "a list of an optimizer's": ({"backbone": NETWORK, "Optimizer-1": [Tensor(2)]}, ["Optimizer-1"]),
    "an optimizer in the network": ({**NETWORK, "optimizer": OPTIMIZER, "epoch": 3}, ["optimizer", "epoch"]),
    "schedulers and scalers": ({"x": NETWORK, "lr_scheduler": {"best": Tensor(0)}, "scheduler": [{"lrs": [Tensor(0)]}],
                                "scaler": {"scale": Tensor(1)}, "amp": {"scale": Tensor(0)}},
                               ["lr_scheduler", "scheduler", "scaler", "amp"]),
    "callbacks and random numbers": ({"state_dict": NETWORK, "callbacks": {"ModelCheckpoint": {"best_model_score": Tensor(0)}},
                                      "cuda_rng_state": [Tensor(1)]}, ["callbacks", "cuda_rng_state"]),
    "numbers around the network": ({"best": Tensor(0), "in": {"mean": Tensor(1), "net": NETWORK}}, ["best", "in.mean"]),
    "twins": ({"model": NETWORK, "ema": {"model": NETWORK, "decay": Tensor(0)}, "model_ema": NETWORK, "teacher": {"shadow": [Tensor(2)]}},
              ["ema", "model_ema", "teacher"]),
    "a twin of any name": ({"outer": {"params": NETWORK, "params_ema": NETWORK}}, ["outer.params_ema"]),
    "what is no tensor in the network": ({"net": {**NETWORK, "classes": ["cat"]}}, ["net.classes"]),
    "nothing, deep down": (deep(9, NETWORK), []),
    "nothing, in a tuple": ((NETWORK, 3), []),
}


def found(checkpoint: object, notes: io.StringIO | None = None) -> list[str]:
    with contextlib.redirect_stderr(notes or io.StringIO()):
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

    def test_what_is_left_out_is_named(self):
        for case, (checkpoint, left) in LEFT_OUT.items():
            with self.subTest(case):
                notes = io.StringIO()
                self.assertEqual(found(checkpoint, notes), list(NETWORK))
                self.assertEqual(re.findall("note: left out `(.*)`: ", notes.getvalue()), left)

    def test_less_than_a_network_is_refused(self):
        for case, (checkpoint, said) in REFUSED.items():
            with self.subTest(case):
                with self.assertRaises(SystemExit) as refused:
                    found(checkpoint)
                self.assertIn(said, str(refused.exception))
                self.assertIn("save `model.state_dict()`", str(refused.exception))

    def test_a_checkpoint_that_holds_itself(self):
        checkpoint = {"model": NETWORK}
        checkpoint["again"] = [checkpoint]
        with self.assertRaisesRegex(SystemExit, "nested too deeply, or in itself"):
            found(checkpoint)

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

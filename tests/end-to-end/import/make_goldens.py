#!/usr/bin/env python3
"""Writes goldens.json anew: needs torch, torchvision, timm, onnx, onnxscript and onnxruntime, whose outputs the goldens are.

    make_goldens.py [NAME...]
"""

from __future__ import annotations

import base64
import json
import pathlib
import sys
import tempfile
import zlib

import onnx
import onnxruntime
import torch

import goldens
import networks

# Name: how it is exported.
FORMS = {
    "resnet18": {"dynamo": False, "opset": 11, "symbolic": True}, "resnet50": {"dynamo": False, "opset": 17, "folded": False},
    "resnet101": {"dynamo": True}, "wide_resnet50_2": {"dynamo": False, "opset": 13, "folded": False},
    "resnetv2_50": {"dynamo": True}, "resnext50_32x4d": {"dynamo": True}, "resnet50d": {"dynamo": True},
    "seresnet50": {"dynamo": False, "opset": 14, "folded": False}, "iresnet": {"dynamo": False, "opset": 12, "folded": False},
    "windows": {"dynamo": True}, "excite": {"dynamo": False, "opset": 11, "symbolic": True},
    "ecaresnet26t": {"dynamo": False, "opset": 13, "symbolic": True}, "res2net50_26w_4s": {"dynamo": True},
    "resnest14d": {"dynamo": False, "opset": 17, "folded": False}, "skresnet18": {"dynamo": True},
    "rexnet_100": {"dynamo": False, "opset": 15}, "resnet18_catavgmax": {"dynamo": True}, "resnet18_mish": {"dynamo": False, "opset": 13},
    "resnetblur18": {"dynamo": True}, "gcresnext26ts": {"dynamo": False, "opset": 17}, "resnet50_gn": {"dynamo": False, "opset": 16},
    "gcresnext26ts_untouched": {"dynamo": False, "opset": 13},
}
SMALL = 64  # elements; smaller constants may be sizes and stay


def strip(model) -> list[tuple[str, list[int]]]:
    """Takes the weights out, and what only describes."""
    weights, kept = [], []
    for item in model.graph.initializer:
        if item.data_type == onnx.TensorProto.FLOAT and len(item.dims) > 0:
            weights.append((item.name, list(item.dims)))
        else:
            kept.append(item)
    kept = [onnx.TensorProto.FromString(item.SerializeToString()) for item in kept]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    del model.graph.value_info[:]
    for described in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        described.ClearField("doc_string")
        described.ClearField("metadata_props")
    return weights


def golden(name: str) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.onnx"
        networks.export(torch, name, networks.make(torch, name), path, **FORMS[name])
        model = onnx.load(str(path))
    weights = strip(model)
    made = {"graph": base64.b85encode(zlib.compress(model.SerializeToString(), 9)).decode(), "weights": weights}
    session = onnxruntime.InferenceSession(goldens.with_weights(made), providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: goldens.images()})
    return made | {"outputs": [float(value) for value in outputs[0].reshape(-1)]}


if __name__ == "__main__":
    made = goldens.load() if (goldens.HERE / "goldens.json").exists() else {}
    for wanted in sys.argv[1:] or FORMS:
        made[wanted] = golden(wanted)
        print(wanted, made[wanted]["outputs"], flush=True)
    lines = [f"{json.dumps(name)}: {json.dumps(made[name])}" for name in sorted(made)]
    (goldens.HERE / "goldens.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")

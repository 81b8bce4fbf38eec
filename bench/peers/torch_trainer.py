"""PyTorch's trainer: its own SGD, channels last, eager or compiled by Inductor (`eager`, `compile`).

With the mode `init` it only writes first.safetensors, PyTorch's fresh parameters, which all trainers begin with.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

import training_protocol
from checkpoint import read_safetensors, write_safetensors
from networks import network
from torch_networks import Residual


def write_first(name: str, path: Path) -> None:
    torch.manual_seed(1)
    tensors = Residual(network(name)).state_dict()
    part = path.with_suffix(".part")
    write_safetensors(part, {key: value.numpy() for key, value in tensors.items() if not key.endswith("num_batches_tracked")})
    os.replace(part, path)


def open_trainer(job: training_protocol.Job) -> training_protocol.Ready:
    torch.set_num_threads(job.threads)
    module = Residual(job.network)
    tensors = {key: torch.from_numpy(value.copy()) for key, value in read_safetensors(job.checkpoint).items()}
    module.load_state_dict(tensors, strict=False)  # which has no counters of batches
    module = module.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(module.parameters(), lr=training_protocol.RATE, momentum=training_protocol.MOMENTUM,
                                weight_decay=training_protocol.DECAY)
    images = torch.from_numpy(job.images).to(memory_format=torch.channels_last)
    labels = torch.from_numpy(job.labels).long()
    forward = torch.compile(module) if job.mode == "compile" else module

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(forward(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    settings = "torch.compile, channels last" if job.mode == "compile" else "eager, channels last"
    return training_protocol.Ready(torch.__version__, settings, step)


if __name__ == "__main__":
    if sys.argv[2:3] == ["init"]:
        write_first(sys.argv[1], Path(sys.argv[3]))
    else:
        training_protocol.main(open_trainer)

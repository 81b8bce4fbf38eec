#!/usr/bin/env python3
"""Train the demo's CIFAR ResNet-20 on CIFAR-10 and write it as float32 safetensors.

    train_resnet20.py --data DIR --out models/checkpoints/cifar10-resnet20.safetensors

DIR holds CIFAR-10's binary version (data_batch_1.bin to data_batch_5.bin, test_batch.bin). The network is that of He et
al., "Deep Residual Learning for Image Recognition" (2016), section 4.2, with option-A shortcuts; parameter names are the
public ones (`layer1.0.conv1.weight`, ..., `linear.bias`). README.md beside this file states the recipe and what it reached.

A run stopped at any moment goes on from its last whole epoch when started again with the same arguments: the state is
kept in `--state` and replaced atomically after every epoch. Needs PyTorch, NumPy and safetensors.
"""
import argparse
import os
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
TRAIN_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)]
RECORD_BYTES = 1 + 3 * 32 * 32
PAD = 4  # the paper pads by 4 on each side and crops 32 x 32


class BasicBlock(nn.Module):
    """Two 3x3 convolutions; the shortcut subsamples and zero-pads channels, half before and half after (option A)."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.stride = stride
        self.new_channels = width - inputs

    def shortcut(self, x):
        if self.stride == 1 and self.new_channels == 0:
            return x
        before = self.new_channels // 2
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.new_channels - before))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class CifarResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.stage(16, 16, 1)
        self.layer2 = self.stage(16, 32, 2)
        self.layer3 = self.stage(32, 64, 2)
        self.linear = nn.Linear(64, 10)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)

    @staticmethod
    def stage(inputs, width, stride):
        return nn.Sequential(BasicBlock(inputs, width, stride), *(BasicBlock(width, width, 1) for _ in range(2)))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def read_cifar(folder, names):
    """Returns pictures as uint8 [N, 3, 32, 32] and labels as int64 [N]."""
    parts = []
    for name in names:
        path = pathlib.Path(folder) / name
        if not path.is_file():
            sys.exit(f"{path}: no such file; expected CIFAR-10's binary version there (see --data)")
        raw = np.fromfile(path, np.uint8)
        if raw.size == 0 or raw.size % RECORD_BYTES:
            sys.exit(f"{path}: {raw.size} bytes is not a whole number of {RECORD_BYTES}-byte records")
        parts.append(raw.reshape(-1, RECORD_BYTES))
    records = torch.from_numpy(np.concatenate(parts))
    return records[:, 1:].reshape(-1, 3, 32, 32).contiguous(), records[:, 0].long()


def normalize(pictures):
    """uint8 [N, 3, 32, 32] to float32, RGB / 255 less mean, divided by std."""
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return ((pictures.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)


def augment(padded, generator):
    """Random 32 x 32 crop and horizontal flip of a padded batch [N, 3, 40, 40], all pictures at once.

    Each picture's rows and columns become index vectors, so a crop is one gather; a flip is its columns reversed.
    """
    n = padded.shape[0]
    rows = torch.randint(0, 2 * PAD + 1, (n, 1), generator=generator) + torch.arange(32)  # [N, 32]
    columns = torch.randint(0, 2 * PAD + 1, (n, 1), generator=generator) + torch.arange(32)
    flip = torch.rand(n, 1, generator=generator) < 0.5
    columns = torch.where(flip, columns.flip(1), columns)
    pictures = torch.arange(n).view(n, 1, 1)
    gathered = padded.permute(0, 2, 3, 1)[pictures, rows.view(n, 32, 1), columns.view(n, 1, 32)]  # [N, 32, 32, 3]
    return gathered.permute(0, 3, 1, 2)


def autocast(args):
    return torch.autocast("cpu", torch.bfloat16, enabled=args.bf16)


@torch.no_grad()
def count_right(model, pictures, labels):
    """Test pictures that a float32 forward pass classifies rightly."""
    model.eval()
    right = 0
    for begin in range(0, len(labels), 500):
        logits = model(normalize(pictures[begin : begin + 500]))
        right += (logits.argmax(1) == labels[begin : begin + 500]).sum().item()
    return right


def train_epoch(model, step_model, optimizer, scheduler, data, args, epoch):
    """One pass over the training set; the order and the crops depend on the seed and the epoch only."""
    padded, labels = data
    generator = torch.Generator().manual_seed(args.seed * 1000 + epoch)
    order = torch.randperm(len(labels), generator=generator)
    model.train()
    total = 0.0
    steps = len(order) // args.batch
    for step in range(steps):
        chosen = order[step * args.batch : (step + 1) * args.batch]
        pictures = normalize(augment(padded[chosen], generator))
        with autocast(args):
            loss = F.cross_entropy(step_model(pictures).float(), labels[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.item()
    return total / steps


def write_atomically(path, write):
    temporary = path.with_name(path.name + ".tmp")
    write(temporary)
    temporary.chmod(0o644)  # safetensors leaves 0600
    os.replace(temporary, path)


def write_safetensors(model, path):
    """All parameters and running statistics as float32; the batch counters carry nothing that inference needs."""
    from safetensors.torch import save_file

    tensors = {k: v.detach().float().contiguous() for k, v in model.state_dict().items() if "num_batches" not in k}
    write_atomically(path, lambda target: save_file(tensors, target))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default_data = os.environ.get("SKIP_DATA")
    parser.add_argument("--data", default=default_data, required=default_data is None, help="folder of the .bin files (default: $SKIP_DATA)")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="safetensors file to write")
    parser.add_argument("--log", type=pathlib.Path, help="text log, one line an epoch (default: beside --state)")
    parser.add_argument("--state", type=pathlib.Path, help="resumable state (default: OUT with .state)")
    parser.add_argument("--epochs", type=int, default=28)
    parser.add_argument("--warmup", type=float, default=3.0, help="epochs of linear warm-up, then a cosine down to 0")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--lr", type=float, default=0.4, help="peak learning rate")
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bf16", action="store_true", help="autocast to bfloat16 while training")
    parser.add_argument("--compile", action="store_true", help="torch.compile the training step (needs a C++ compiler)")
    args = parser.parse_args()
    args.state = args.state or args.out.with_suffix(".state")
    args.log = args.log or args.state.with_suffix(".log")
    return args


def make_schedule(optimizer, args, steps_per_epoch):
    warmup, total = args.warmup * steps_per_epoch, args.epochs * steps_per_epoch

    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + np.cos(np.pi * min(1.0, (step - warmup) / (total - warmup))))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def main():
    args = parse_arguments()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    pictures, labels = read_cifar(args.data, TRAIN_FILES)
    test_pictures, test_labels = read_cifar(args.data, ["test_batch.bin"])
    mean_color = torch.tensor(MEAN).mul(255).round().to(torch.uint8).view(1, 3, 1, 1)  # normalises to (almost) zero
    padded = mean_color.expand(len(labels), 3, 32 + 2 * PAD, 32 + 2 * PAD).clone()
    padded[:, :, PAD:-PAD, PAD:-PAD] = pictures

    model = CifarResNet20().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), args.lr, momentum=0.9, weight_decay=args.weight_decay, nesterov=True)
    scheduler = make_schedule(optimizer, args, len(labels) // args.batch)
    first, seconds = 0, 0.0
    if args.state.exists():
        state = torch.load(args.state, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.last_epoch = state["step"]
        for group, base in zip(optimizer.param_groups, scheduler.base_lrs):
            group["lr"] = base * scheduler.lr_lambdas[0](state["step"])
        first, seconds = state["epoch"], state["seconds"]
    step_model = torch.compile(model) if args.compile else model

    for epoch in range(first, args.epochs):
        begin = time.monotonic()
        loss = train_epoch(model, step_model, optimizer, scheduler, (padded, labels), args, epoch)
        seconds += time.monotonic() - begin
        right = count_right(model, test_pictures, test_labels)
        line = f"epoch {epoch + 1}/{args.epochs} loss {loss:.4f} lr_end {scheduler.get_last_lr()[0]:.5f} test_right {right}/{len(test_labels)} train_seconds {seconds:.0f}"
        print(line, flush=True)
        with open(args.log, "a") as log:
            log.write(line + "\n")
        state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": scheduler.last_epoch, "epoch": epoch + 1, "seconds": seconds}
        write_atomically(args.state, lambda target: torch.save(state, target))
    write_safetensors(model, args.out)
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()

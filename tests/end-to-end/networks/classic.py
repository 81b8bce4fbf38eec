"""Networks as papers draw them: a chain of a stem, blocks with shortcut option A, B or C, poolings, and a head."""
from __future__ import annotations

import random

from .draft import WIDTHS, Budget, Draft
from .spec import IMAGE, Invalid, Network


class Classic(Draft):
    def __init__(self, rng: random.Random, budget: Budget):
        height = rng.randint(1, 40)
        width = height if rng.random() < 0.5 else rng.randint(1, 40)
        super().__init__(rng, (rng.choice([1, 2, 3, 3, 3, 4, 16, 20, 35]), height, width), budget)
        self.x = IMAGE

    def unit(self, x: str, channels: int, kernel: int, stride: int, relu: bool, norm_probability: float) -> str:
        x = self.put("conv", x, channels=channels, kernel=kernel, stride=stride)
        if self.chance(norm_probability):
            x = self.put("bn", x)
        return self.put("relu", x) if relu else x

    def stem(self) -> None:
        """A convolution of any kernel size, odd or even, with or without batch norm, bias, relu, explicit padding."""
        rng, kernel = self.rng, self.rng.randint(1, 7)
        pad = rng.randint(0, kernel) if self.chance(0.3) else (kernel - 1) // 2
        bias = True if self.chance(0.3) else None
        x = self.put("conv", self.x, channels=rng.choice(WIDTHS), kernel=kernel, stride=rng.choice([1, 1, 1, 2, 3]), pad=pad, bias=bias)
        if self.chance(0.7):
            x = self.put("bn", x)
        self.x = self.put("relu", x) if self.chance(0.7) else x

    def pool(self) -> None:
        kernel = self.rng.randint(1, 3)
        self.x = self.put("max_pool", self.x, kernel=kernel, stride=self.rng.randint(1, 3), pad=self.rng.randint(0, kernel // 2))

    def block(self) -> None:
        """A basic block or a bottleneck."""
        rng, before = self.rng, self.channels(self.x)
        stride, channels = rng.choice([1, 1, 2, 3]), rng.choice([before, before, rng.choice(WIDTHS)])
        option = rng.choice("ABC")
        if option == "A" and channels < before:
            option = "B"
        if self.chance(0.5):
            body = [(rng.choice(WIDTHS), rng.choice([1, 3, 3, 5, 7]), stride), (channels, rng.choice([1, 3, 3, 5]), 1)]
        else:
            width = rng.choice(WIDTHS)
            body = [(width, 1, 1), (width, rng.choice([1, 3, 3, 5]), stride), (channels, 1, 1)]
        y = self.x
        for i, (out, kernel, step) in enumerate(body):
            y = self.unit(y, out, kernel, step, i + 1 < len(body), 0.9)
        short = self.put("shortcut", self.x, y, option=option)
        join = self.put("add", y, short)
        self.x = self.put("relu", join) if self.chance(0.9) else join

    def norm(self) -> None:
        """A batch norm that no convolution can take in, as in pre-activation networks."""
        self.x = self.put("relu", self.put("bn", self.x))

    def head(self) -> None:
        rng, kind = self.rng, self.rng.random()
        if kind > 0.9:
            return
        x = self.put("global_avg_pool" if kind < 0.6 else "flatten", self.x)
        if self.chance(0.3):
            x = self.put("dropout", self.put("relu", self.put("linear", x, features=rng.choice(WIDTHS))))
        x = self.put("linear", x, features=rng.choice([1, 2, 7, 10, 16, 100]))
        self.x = self.put("softmax", x) if self.chance(0.2) else x


def draw(rng: random.Random, budget: Budget) -> Network:
    net = Classic(rng, budget)
    parts = [net.stem]
    if net.chance(0.3):
        parts.append(net.pool)
    parts += [rng.choices([net.block, net.stem, net.pool, net.norm], [6, 2, 1, 1])[0] for _ in range(rng.randint(0, 4))]
    for part in [*parts, net.head]:
        try:
            part()
        except Invalid:
            pass  # a part that does not fit is left out
    return net.network([net.x])

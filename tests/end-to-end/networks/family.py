"""Networks of the wider family: groups, dilation, padding of each side, average poolings, activations, squeeze and excitation,
concatenations and upsampling, in chains with shortcuts."""
from __future__ import annotations

import random

from .draft import WIDTHS, Budget, Draft
from .spec import ACTIVATIONS, IMAGE, Invalid, Network

GROUPED = [(4, 16), (32, 32), (2, 32), (8, 48), (3, 12), (6, 18), (16, 16), (5, 40), (2, 64), (4, 64)]  # groups, channels


class Family(Draft):
    def __init__(self, rng: random.Random, budget: Budget):
        height = rng.randint(1, 28)
        width = height if rng.random() < 0.5 else rng.randint(1, 28)
        super().__init__(rng, (rng.choice([1, 3, 3, 4, 16, 24]), height, width), budget)
        self.x = IMAGE

    def activation(self, x: str) -> str:
        kind = self.rng.choice(["relu", *ACTIVATIONS])
        return self.put(kind, x, slope=self.rng.choice([None, 0.1, 1.5]) if kind == "leaky_relu" else None)

    def unit(self, x: str, **settings: object) -> str:
        x = self.put("conv", x, bias=True if self.chance(0.3) else None, **settings)
        x = self.put("bn", x) if self.chance(0.6) else x
        return self.activation(x) if self.chance(0.7) else x

    def sides(self) -> int | list[int] | None:
        return self.rng.choice([None, 0, 1, [1, 2], [0, 1, 2, 0], [2, 0, 1, 1]])

    def general(self) -> None:
        """A convolution of any strides, dilations and padding."""
        rng = self.rng
        kernel = rng.choice([1, 3, [3, 1], [1, 5], [2, 3]])
        self.x = self.unit(self.x, channels=rng.choice(WIDTHS), kernel=kernel, stride=rng.choice([None, None, 2, [2, 1], [1, 3]]),
                           dilation=rng.choice([None, None, 2, [1, 2]]), pad=self.sides())

    def grouped(self) -> None:
        """A pointwise convolution, and one of groups of its channels."""
        rng = self.rng
        groups, channels = rng.choice(GROUPED)
        x = self.unit(self.x, channels=channels, kernel=1)
        self.x = self.unit(x, channels=channels * rng.choice([1, 1, 1, 2]), kernel=rng.choice([1, 3, 3, 5]), groups=groups,
                           stride=rng.choice([None, None, 2]), dilation=rng.choice([None, None, None, 2]))

    def depthwise(self) -> None:
        channels = self.channels(self.x)
        self.x = self.unit(self.x, channels=channels * self.rng.choice([1, 1, 1, 3]), kernel=self.rng.choice([3, 3, 5, [1, 3]]),
                           groups=channels, stride=self.rng.choice([None, None, 2]))

    def residual(self) -> None:
        """A shortcut around convolutions, perhaps with excitation."""
        rng, short, channels = self.rng, self.x, self.channels(self.x)
        self.rng.choice([self.grouped, self.depthwise, self.general])()
        y = self.put("conv", self.x, channels=channels, kernel=1)
        y = self.excited(y) if self.chance(0.5) else y
        if self.shapes[y] != self.shapes[short]:
            short = self.put("shortcut", short, y, option="B")
        y = self.put("add", y, short)
        self.x = self.activation(y) if self.chance(0.7) else y

    def excited(self, x: str) -> str:
        channels = self.channels(x)
        if self.chance(0.3):
            factors = self.put("linear", self.put("global_avg_pool", x), features=channels)
        else:
            means = self.put("adaptive_avg_pool", x, size=1)
            narrow = self.put("relu", self.put("conv", means, channels=max(1, channels // 4), kernel=1, bias=True))
            factors = self.put("conv", narrow, channels=channels, kernel=1, bias=True)
        return self.put("mul", x, self.put(self.rng.choice(["sigmoid", "hard_sigmoid"]), factors))

    def excite(self) -> None:
        self.x = self.excited(self.x)

    def gate(self) -> None:
        """By a value of its shape, which may be itself."""
        alike = [name for name in self.values(3) if self.shapes[name] == self.shapes[self.x]]
        scale = self.rng.choice(alike)
        self.x = self.put("mul", self.x, self.put("sigmoid", scale) if self.chance(0.5) else scale)

    def mirror(self) -> None:
        """As BlurPool does, often before a convolution of each channel."""
        self.x = self.put("reflect_pad", self.x, pad=self.rng.choice([1, 1, 2, [1, 2], [0, 3, 2, 0]]))
        if self.chance(0.5):
            self.x = self.put("conv", self.x, channels=self.channels(self.x), kernel=3, stride=2, pad=0, groups=self.channels(self.x))

    def context(self) -> None:
        """A factor or an offset for each channel, of a mean by attention."""
        means = self.put("attention_pool", self.x, self.put("conv", self.x, channels=1, kernel=1, bias=True))
        channels = self.channels(self.x)
        narrow = self.put("linear", means, features=max(1, channels // 4))
        narrow = self.put("relu", self.put("group_norm", narrow, groups=1) if self.chance(0.7) else narrow)
        wide = self.put("linear", narrow, features=channels)
        self.x = self.put("shift", self.x, wide) if self.chance(0.5) else self.put("mul", self.x, self.put("sigmoid", wide))

    def grouped_norm(self) -> None:
        """Of groups within blocks of 16 channels, of whole ones or across them."""
        channels = self.channels(self.x)
        groups = self.rng.choice([size for size in range(1, channels + 1) if channels % size == 0])
        self.x = self.put("group_norm", self.x, groups=groups, eps=self.rng.choice([None, 1e-3]))
        self.x = self.activation(self.x) if self.chance(0.5) else self.x

    def pool(self) -> None:
        rng = self.rng
        if self.chance(0.4):
            kernel = rng.choice([1, 2, 3, 4, [3, 2], [1, 4], [2, 5]])
            pad = rng.randint(0, kernel // 2) if isinstance(kernel, int) else rng.choice([None, 0, [0, 1, 0, 1]])
            self.x = self.put("max_pool", self.x, kernel=kernel, stride=rng.choice([1, 2, 3, [2, 1], [1, 3]]), pad=pad,
                              ceil_mode=rng.choice([None, True]))
            return
        kernel = rng.choice([1, 2, 2, 3, [3, 2], 9, [2, 5]])
        self.x = self.put("avg_pool", self.x, kernel=kernel, stride=rng.choice([None, 1, 2, [2, 1]]),
                          pad=rng.choice([None, 0, [1, 0, 0, 1]]), ceil_mode=rng.choice([None, True]),
                          count_include_pad=rng.choice([None, False]))

    def join(self) -> None:
        """Channels of values of one size, one behind the other."""
        size = self.shapes[self.x][1:]
        alike = [name for name in self.values(3) if self.shapes[name][1:] == size]
        self.x = self.put("concat", self.x, *self.rng.choices(alike, k=self.rng.randint(1, 3)))

    def part(self) -> None:
        """Some of the channels, from a block of them or not; or all of them as an image of other sizes."""
        channels, height, width = self.shapes[self.x]
        if self.chance(0.3):
            self.x = self.put("unflatten", self.put("flatten", self.x), channels=height, height=channels, width=width)
            return
        first = self.rng.randint(0, channels - 1)
        self.x = self.put("take_channels", self.x, first=first, count=self.rng.randint(1, channels - first))

    def enlarge(self) -> None:
        self.x = self.put("upsample", self.x, factor=self.rng.randint(1, 3), mode=self.rng.choice([None, "bilinear"]))

    def norm(self) -> None:
        self.x = self.activation(self.put("bn", self.x))

    def head(self) -> None:
        x = self.put(self.rng.choice(["global_avg_pool", "flatten"]), self.x)
        x = self.put("linear", x, features=self.rng.choice([1, 7, 10, 33]))
        self.x = self.activation(x) if self.chance(0.5) else x


def draw(rng: random.Random, budget: Budget) -> Network:
    net = Family(rng, budget)
    motifs = [net.general, net.grouped, net.depthwise, net.residual, net.excite, net.pool, net.join, net.enlarge, net.norm, net.part, net.gate,
              net.mirror, net.context, net.grouped_norm]
    parts = rng.choices(motifs, [3, 3, 2, 4, 1, 2, 2, 1, 1, 1, 1, 1, 1, 1], k=rng.randint(1, 5))
    stages = []
    for part in [*parts, *([net.head] if net.chance(0.6) else [])]:
        try:
            part()
            stages.append(net.x)
        except Invalid:
            pass  # a part that does not fit is left out
    outputs = [net.x] + ([rng.choice(stages)] if stages and net.chance(0.3) else [])  # features of a stage beside the result
    return net.network(outputs, normalized=net.chance(0.1))

"""Networks as nobody draws them: values with any number of uses, joined in any way that the types allow.

A network grows by motifs, each of which computes on values that are there: residual bodies around one convolution or none, sums of
parallel branches (RepVGG, projections, poolings), bottlenecks, sums of what happens to have one shape, elementwise operations in odd
places.
Few widths and kernel sizes are drawn for a network, so that many values have one shape and kernels differ in details only: what
makes two kernels be taken for one, or one buffer for two values, needs such neighbours.
"""
from __future__ import annotations

import dataclasses
import random

from .draft import WIDTHS, Budget, Draft
from .spec import IMAGE, Invalid, Network

NARROW = [width for width in WIDTHS if width < 16]
WIDE = [16, 17, 24, 31, 32, 33, 48]
UNPAIRED = [80, 100, 112, 144, 208]  # widths that are no pairs of whole blocks of 16
NORMS = ["", "bn", "bias", "both"]
FINISHES = [["relu"], [], ["bn"], ["bn", "relu"], ["relu", "bn"], ["dropout"]]


@dataclasses.dataclass
class Theme:
    """What the operations of one network have in common."""
    heights: list[int]
    palette: list[int]  # widths
    kernels: list[int]
    motifs: list[int]  # how often each is drawn, in the order that `draw` below lists them
    most: int  # motifs
    depths: list[int]  # of bodies
    strides: list[int | None]
    onward: float  # how often an operation goes on from the last value
    fewest: int = 1  # motifs
    stem: float = 0.6  # how often a convolution comes first
    budget: int = 1  # of multiply-adds, as a multiple of what others have
    norms: list[str] = dataclasses.field(default_factory=list)
    finishes: list[list[str]] = dataclasses.field(default_factory=list)

    @staticmethod
    def draw(rng: random.Random) -> Theme:
        theme = rng.choices([mixed, windows, projections, wide], [2, 2, 2, 4])[0](rng)
        uniform = rng.random() < 0.6
        theme.norms = [rng.choice(NORMS[:3])] if uniform else ["", "", "bn", "bn", "bias", "both"]
        theme.finishes = [rng.choice(FINISHES[:2])] if uniform else FINISHES[:2] * 2 + FINISHES
        return theme


def mixed(rng: random.Random) -> Theme:
    heights = rng.choice([[1, 2, 5, 7, 8], [9, 13, 14, 16, 19], [28, 32, 33, 40]])
    palette = rng.choice([[rng.choice(WIDTHS)], [rng.choice(NARROW), rng.choice(WIDE)], [rng.choice(WIDE)]])
    kernels = rng.choice([[1], [1, 3], [3], [3, 3, 3, 5], [1, 3, 5, 7]])
    return Theme(heights, palette, kernels, [2, 5, 4, 3, 2, 2, 1, 1], 4, [1, 1, 2, 2, 3], [None, None, None, 2, 3], 0.6)


def windows(rng: random.Random) -> Theme:
    """Pictures and widths for which transformed windows pay."""
    heights = rng.choice([[26, 28, 31, 32, 33, 40], [7, 10, 14, 16]])
    palette = [rng.choice([16, 24, 32, 32, 33, 48])]
    return Theme(heights, palette, [3, 3, 3, 3, 3, 5], [1, 6, 2, 0, 1, 1, 0, 0], 4, [1, 1, 1, 2], [None], 0.9)


def projections(rng: random.Random) -> Theme:
    """Sums of convolutions of narrow and of wide values."""
    palette = [rng.choice(NARROW[:5]), rng.choice(WIDE)]
    return Theme([1, 7, 8, 13, 16, 19], palette, rng.choice([[1], [1], [3], [1, 3]]), [1, 1, 1, 2, 0, 0, 6, 0], 5, [1, 1, 2], [None], 0.7)


def wide(rng: random.Random) -> Theme:
    """1x1 convolutions of many channels, which Strassen's products compute where builds hold AVX-512 and pictures are of even height
    (ir/plan/x86/Strassen.h); now and then widths and heights for which nothing pays."""
    heights = rng.choice([[8, 12, 14, 16], [8, 12, 16, 20], [8, 10, 12], [8, 16], [4, 6, 7, 9, 15]])
    palette = rng.choice([[128], [256], [128, 256], [128, 256], [64, 128, 256], [128, 512], [64, 256], [256, rng.choice(UNPAIRED)]])
    kernels = rng.choice([[1], [1], [1, 1, 1, 3]])
    return Theme(heights, palette, kernels, [3, 2, 3, 3, 2, 1, 0, 5], 5, [1, 1, 2], [None, None, None, None, 2], 0.7, 2, 0.95, budget=4)


class Graph(Draft):
    def __init__(self, rng: random.Random, budget: Budget):
        self.theme = theme = Theme.draw(rng)
        self.palette = theme.palette
        height = rng.choice(theme.heights)
        width = height if rng.random() < 0.6 else rng.choice(theme.heights) if rng.random() < 0.7 else rng.randint(1, 40)
        channels = rng.choice([1, 3, 3, 3, *self.palette, rng.choice(WIDTHS)])
        super().__init__(rng, (channels, height, width), dataclasses.replace(budget, multiply_adds=budget.multiply_adds * theme.budget))

    def pick(self, rank: int) -> str:
        values = self.values(rank)
        return values[-1] if self.chance(self.theme.onward) else self.rng.choice(values)

    # Parts that motifs are made of.

    def conv(self, x: str, channels: int, kernel: int | None = None, stride: int | None = None) -> str:
        """A convolution with a bias, a batch norm, both or neither."""
        kernel = kernel or self.rng.choice(self.theme.kernels)
        norm = self.rng.choice(self.theme.norms)
        x = self.put("conv", x, channels=channels, kernel=kernel, stride=stride, bias=True if norm in ("bias", "both") else None)
        return self.put("bn", x) if norm in ("bn", "both") else x

    def elementwise(self, x: str) -> str:
        kind = self.rng.choice(["relu", "relu", "bn", "dropout", "double"])
        return self.put("add", x, x) if kind == "double" else self.put(kind, x)

    def body(self, x: str, channels: int, stride: int | None = None) -> str:
        """One to three convolutions, of which the last has the channels; activations before or behind each."""
        for left in reversed(range(self.rng.choice(self.theme.depths))):
            if self.chance(0.15):
                x = self.put("relu", self.put("bn", x) if self.chance(0.5) else x)
            x = self.conv(x, self.rng.choice([channels, *self.palette]) if left else channels, None, stride)
            stride = None
            if self.chance(0.7 if left else 0.15):
                x = self.put("relu", x)
        return x

    def sum(self, terms: list[str]) -> str:
        """In any order of association: two of the terms at a time."""
        terms = list(terms)
        while len(terms) > 1:
            self.rng.shuffle(terms)
            terms.append(self.put("add", terms.pop(), terms.pop()))
        return terms[0]

    def finish(self, x: str) -> str:
        for op in self.rng.choice(self.theme.finishes):
            x = self.put(op, x)
        return x

    # Motifs.

    def plain(self) -> None:
        x = self.pick(3)
        self.finish(self.conv(x, self.rng.choice(self.palette), None, self.rng.choice(self.theme.strides)))

    def residual(self) -> None:
        """One to three shortcuts from one value, around bodies of their own depth."""
        x = self.pick(3)
        for _ in range(self.rng.choice([1, 1, 1, 2, 3])):
            short = x if self.chance(0.8) else self.elementwise(x)
            y = self.finish(self.sum([short, self.body(x, self.channels(x))]))
            x = y if self.chance(self.theme.onward) else x

    def branches(self) -> None:
        """A sum of branches from one value, all of one stride and one width."""
        x, stride = self.pick(3), self.rng.choice(self.theme.strides)
        channels = self.channels(x) if self.chance(0.6) else self.rng.choice(self.palette)
        terms = [self.body(x, channels, stride)]
        for _ in range(self.rng.choice([1, 1, 1, 2, 2, 3, 5])):
            terms.append(self.branch(x, channels, stride, terms))
        self.finish(self.sum(terms))

    def branch(self, x: str, channels: int, stride: int | None, terms: list[str]) -> str:
        kinds = ["conv", "conv", "body", "shortcut", "again"]
        if channels == self.channels(x):
            kinds += ["max_pool", "subsample"] if stride else ["self", "self", "elementwise", "max_pool"]
        kind = self.rng.choice(kinds)
        if kind == "self":
            return x
        if kind == "conv":
            return self.conv(x, channels, self.rng.choice([1, 1, 3, 5]), stride)
        if kind == "body":
            return self.body(x, channels, stride)
        if kind == "shortcut":
            option = self.rng.choice("BC") if channels < self.channels(x) else self.rng.choice("ABC")
            return self.put("shortcut", x, terms[0], option=option)
        if kind == "max_pool":
            return self.put("max_pool", x, kernel=self.rng.choice([1, 3]), stride=stride or 1)
        if kind == "subsample":
            return self.put("subsample", x, stride=stride)
        return self.elementwise(x) if kind == "elementwise" else self.rng.choice(self.alike(terms[0]))

    def cross(self) -> None:
        """A sum of bodies that start from different values, of any widths, in pictures of one size."""
        size = self.shapes[self.pick(3)][1:]
        of_width: dict[int, list[str]] = {}
        for name, shape in self.shapes.items():
            if shape[1:] == size:
                of_width.setdefault(shape[0], []).append(name)
        channels, widths = self.rng.choice(self.palette), list(of_width)
        starts = [self.rng.choice(of_width[self.rng.choice(widths)]) for _ in range(self.rng.choice([2, 2, 2, 3]))]
        terms = [self.body(start, channels) for start in starts]
        self.finish(self.sum(terms))

    def squeeze(self) -> None:
        """Of a value and of a narrow one that is made from it: a convolution each, and their sum."""
        x, channels = self.pick(3), max(self.palette)
        narrow = self.conv(x, min(self.palette))
        narrow = self.put("relu", narrow) if self.chance(0.5) else narrow
        self.finish(self.sum([self.conv(start, channels) for start in (x, narrow)]))

    def bottleneck(self) -> None:
        """A narrow middle between two 1x1 convolutions, and a shortcut: the value itself, or a projection, which the last one of
        the body is computed with."""
        x, rng = self.pick(3), self.rng
        stride, channels = rng.choice(self.theme.strides), self.channels(x) if self.chance(0.4) else max(self.palette)
        y = self.put("relu", self.conv(x, min(self.palette), 1))
        y = self.put("relu", self.middle(y, stride)) if stride or self.chance(0.5) else y
        y = self.conv(y, channels, 1)
        keeps = stride is None and channels == self.channels(x)
        self.finish(self.sum([y, x if keeps and self.chance(0.7) else self.conv(x, channels, 1, stride)]))

    def middle(self, x: str, stride: int | None) -> str:
        if self.chance(0.3):
            return self.put("max_pool", x, kernel=3, stride=stride or 1)
        return self.conv(x, self.channels(x), self.rng.choice([1, 3, 3]), stride)

    def merge(self) -> None:
        """A sum of up to six values that happen to have one shape, some more than once."""
        rank = self.rng.choice([3, 3, 3, 1]) if self.values(1) else 3
        alike = self.alike(self.pick(rank))
        self.finish(self.sum([self.rng.choice(alike) for _ in range(self.rng.randint(2, 6))]))

    def change(self) -> None:
        """One operation, with settings that no motif above draws."""
        x, rng = self.pick(3), self.rng
        kind = rng.choice(["elementwise", "max_pool", "subsample", "pad_channels", "conv"])
        if kind == "elementwise":
            self.elementwise(x)
        elif kind == "subsample":
            self.put(kind, x, stride=rng.randint(1, 3))
        elif kind == "pad_channels":
            self.put(kind, x, before=rng.randint(0, 9), after=rng.randint(0, 9))
        else:
            kernel = rng.randint(1, 6)
            pad = rng.randint(0, kernel // 2 if kind == "max_pool" else kernel)
            channels = rng.choice(self.palette) if kind == "conv" else None
            self.put(kind, x, channels=channels, kernel=kernel, stride=rng.randint(1, 3), pad=pad)

    def head(self) -> None:
        """Vectors: from a picture, or on from a vector, where linear layers are summed like convolutions."""
        rng = self.rng
        if self.values(1) and self.chance(0.4):
            x = self.pick(1)
        else:
            x = self.put(rng.choice(["global_avg_pool", "global_avg_pool", "flatten"]), self.pick(3))
        x = self.put(rng.choice(["relu", "bn", "dropout"]), x) if self.chance(0.2) else x
        features = self.channels(x) if self.chance(0.3) else rng.choice([1, 7, 10, *self.palette])
        terms = [self.linear(x, features) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
        if features == self.channels(x) and self.chance(0.6):
            terms.append(x)
        self.finish(self.sum(terms))
        if self.chance(0.15):
            self.put("softmax", self.pick(1))

    def linear(self, x: str, features: int) -> str:
        x = self.put("linear", x, features=features, bias=False if self.chance(0.3) else None)
        return self.put("bn", x) if self.chance(0.15) else x

    def outputs(self) -> list[str]:
        """The last value; often all that nothing else uses, some that are used, the input or what is one step from it."""
        used = {operand for node in self.nodes for operand in node.operands}
        values = list(self.shapes)
        outputs = [values[-1]]
        if self.chance(0.6):
            outputs += [value for value in values[:-1] if value not in used][:4]
        if self.chance(0.25):
            outputs += self.rng.choices(values, k=self.rng.randint(1, 3))
        if self.chance(0.08):
            outputs.append(self.elementwise(IMAGE) if self.chance(0.8) else IMAGE)
        self.rng.shuffle(outputs)
        return outputs


def draw(rng: random.Random, budget: Budget) -> Network:
    net = Graph(rng, budget)
    motifs = [net.plain, net.residual, net.branches, net.cross, net.merge, net.change, net.squeeze, net.bottleneck]
    plan = [net.plain] if net.chance(net.theme.stem) else []
    plan += rng.choices(motifs, net.theme.motifs, k=rng.randint(net.theme.fewest, net.theme.most))
    plan += [net.head] * rng.choice([0, 1, 1, 2, 3])
    plan += [net.merge] if net.chance(0.1) else []
    for motif in plan:
        try:
            motif()
        except Invalid:
            pass  # what does not fit is left out
    return net.network(net.outputs(), normalized=net.chance(0.1))

"""A network in the making: values are added one by one, within a budget, and picked again to compute with."""
from __future__ import annotations

import dataclasses
import math
import random

from .spec import IMAGE, Invalid, Network, Node, Shape, multiply_adds, shape_of

WIDTHS = [1, 2, 3, 5, 8, 15, 16, 17, 24, 31, 32, 33, 48, 50, 64, 80, 96]


@dataclasses.dataclass(frozen=True)
class Budget:
    """Of an image's multiply-adds, and of weights."""
    multiply_adds: int
    weights: float = math.inf


class Draft:
    def __init__(self, rng: random.Random, shape: tuple[int, int, int], budget: Budget):
        self.rng, self.shape, self.budget = rng, shape, budget
        self.nodes: list[Node] = []
        self.shapes: dict[str, Shape] = {IMAGE: shape}

    def put(self, op: str, *operands: str, **settings: object) -> str:
        """Adds an operation and gives its value's name. Settings that are None are left to their defaults."""
        given = {key: value for key, value in settings.items() if value is not None}
        node = Node(f"{op}{len(self.nodes) + 1}", op, operands, given)
        before = [self.shapes[operand] for operand in operands]
        shape = shape_of(node, before)
        cost = multiply_adds(node, before, shape)
        left = Budget(self.budget.multiply_adds - cost, self.budget.weights - cost // math.prod(shape[1:]))
        if left.multiply_adds < 0 or left.weights < 0:
            raise Invalid("too large")
        self.budget = left
        self.nodes.append(node)
        self.shapes[node.name] = shape
        return node.name

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def values(self, rank: int) -> list[str]:
        return [name for name, shape in self.shapes.items() if len(shape) == rank]

    def alike(self, value: str) -> list[str]:
        """All values of the shape of this one, itself too."""
        return [name for name, shape in self.shapes.items() if shape == self.shapes[value]]

    def channels(self, value: str) -> int:
        return self.shapes[value][0]

    def network(self, outputs: list[str], normalized: bool = False) -> Network:
        return Network(self.shape, tuple(self.nodes), tuple(outputs), normalized).live()

"""How a drawn network is trained: a head with classes, and a `train` statement."""
from __future__ import annotations

import dataclasses
import random

from .spec import IMAGE, Network, Node, shapes_of

FREEZABLE = {"conv", "bn", "linear"}


@dataclasses.dataclass(frozen=True)
class Training:
    images: int  # of a group
    groups: int = 1
    smoothing: float = 0.0
    freeze: tuple[str, ...] = ()

    def statement(self, network: Network) -> list[str]:
        """Its lines, of the network's first output."""
        there = {node.name for node in network.nodes}
        freeze = [f'"{name}"' for name in self.freeze if name in there]
        return ["train y0 {", f"  loss = cross_entropy {{smoothing = {self.smoothing}}}",
                f"  batch = {self.images * self.groups}, groups = {self.groups}", "  rate = steps {start = 0.1, at = []}",
                "  length = 10", *([f"  freeze = [{', '.join(freeze)}]"] if freeze else []), "}"]


def fits(network: Network) -> bool:
    """Whether the first output can be trained: a vector of classes behind parameters that are not all frozen."""
    shape = shapes_of(network)[network.outputs[0]]
    return len(shape) == 1 and shape[0] >= 2 and network.nodes[-1].op == "linear"


def trainable(network: Network, rng: random.Random) -> Network:
    return with_head(with_gradients(network), rng).live()


def with_gradients(network: Network) -> Network:
    """With operations of the same shapes for those that have no gradient (train-17)."""
    def replaced(node: Node) -> Node:
        if node.op == "group_norm":
            return dataclasses.replace(node, op="bn", settings={})
        if node.op == "attention_pool":
            return dataclasses.replace(node, op="global_avg_pool", operands=node.operands[:1])
        return node
    return dataclasses.replace(network, nodes=tuple(map(replaced, network.nodes)))


def with_head(network: Network, rng: random.Random) -> Network:
    x = network.outputs[-1]
    nodes, shape = list(network.nodes), shapes_of(network)[x]
    if len(shape) == 3:
        nodes.append(Node("head_pool", rng.choice(["global_avg_pool", "global_avg_pool", "flatten"]), (x,), {}))
        x = "head_pool"
    nodes.append(Node("head", "linear", (x,), {"features": rng.choice([2, 3, 10, 17, 100])}))
    others = network.outputs[:-1] if rng.random() < 0.3 else ()
    return dataclasses.replace(network, nodes=tuple(nodes), outputs=("head", *(o for o in others if o != IMAGE)))


def draw(network: Network, seed: int) -> tuple[Network, Training]:
    """Of another stream than the network itself."""
    rng = random.Random(f"training {seed}")
    network = trainable(network, rng)
    labels = [node.name for node in network.nodes if node.op in FREEZABLE and node.name != "head"]
    freeze = tuple(name for name in labels if rng.random() < 0.4) if rng.random() < 0.3 else ()
    images = rng.choice([1, 2, 2, 3, 4, 5, 8, 13])
    return network, Training(images, rng.choice([1, 1, 2, 3]), rng.choice([0.0, 0.0, 0.1, 0.4]), freeze)

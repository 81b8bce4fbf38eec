"""Shrinks a failing case while it keeps failing in the same way.

Each stage proposes simpler cases, the boldest first; the first that still fails is gone on with, until no stage has one. What is
simpler has a smaller weight (fewer operations, then fewer outputs, flags, images, settings, pixels), so that this ends.

    outputs   one output only, then one less
    prefix    a value of the middle as the only output
    suffix    a value of the middle as the input
    nodes     an operation replaced by a value of its shape before it
    flags     no --exact, no --target-cpu, one thread, a batch of 1; of training no smoothing, nothing frozen, one group
    settings  smaller channels, kernels, strides: for all operations that have this number at once, then for one
    picture   a smaller height and width
"""
from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator

from . import training
from .draw import Case
from .spec import IMAGE, Invalid, Network, Node, shapes_of

SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 64]


def weight(case: Case) -> tuple[int, ...]:
    net = case.network
    flags = case.exact + (case.target_cpu is not None) + (not case.tuning) + net.normalized
    settings = sum(setting_weight(value) for node in net.nodes for value in node.settings.values())
    recipe = case.training
    flags += (recipe.smoothing > 0) + len(recipe.freeze) if recipe else 0
    images = sum(case.batches) + case.threads + (recipe.images + recipe.groups if recipe else 0)
    return (len(net.nodes), len(net.outputs), flags, images, settings, sum(net.shape))


def setting_weight(value: object) -> int:
    return 1 + (int(value) if isinstance(value, (int, bool)) else ord(str(value)[0]))


def rename(node: Node, names: dict[str, str]) -> Node:
    return dataclasses.replace(node, operands=tuple(names.get(name, name) for name in node.operands))


def outputs(net: Network) -> Iterator[Network]:
    for output in net.outputs:
        yield dataclasses.replace(net, outputs=(output,))
    for i in range(len(net.outputs)):
        yield dataclasses.replace(net, outputs=net.outputs[:i] + net.outputs[i + 1:])


def prefix(net: Network) -> Iterator[Network]:
    for node in net.nodes:
        yield dataclasses.replace(net, outputs=(node.name,))


def suffix(net: Network) -> Iterator[Network]:
    """A value in the place of the input. What still needs the old input is given the new one where it fits."""
    shapes = shapes_of(net)
    for i in reversed(range(len(net.nodes))):
        name = net.nodes[i].name
        if len(shapes[name]) != 3:
            continue
        earlier = {node.name: IMAGE for node in net.nodes[:i + 1] if shapes[node.name] == shapes[name]}
        nodes = [node for node in net.nodes if node.name not in earlier]
        yield dataclasses.replace(net, shape=shapes[name], normalized=False, nodes=tuple(rename(node, earlier) for node in nodes),
                                  outputs=tuple(earlier.get(output, output) for output in net.outputs))


def nodes(net: Network) -> Iterator[Network]:
    shapes = shapes_of(net)
    for i in reversed(range(len(net.nodes))):
        node = net.nodes[i]
        before = [*node.operands, IMAGE, *(other.name for other in net.nodes[:i])]
        for value in dict.fromkeys(name for name in before if shapes[name] == shapes[node.name]):
            names = {node.name: value}
            rest = tuple(rename(other, names) for other in net.nodes if other is not node)
            yield dataclasses.replace(net, nodes=rest, outputs=tuple(names.get(name, name) for name in net.outputs))


def flags(case: Case) -> Iterator[Case]:
    yield dataclasses.replace(case, exact=False)
    yield dataclasses.replace(case, target_cpu=None)
    yield dataclasses.replace(case, tuning=True)
    yield dataclasses.replace(case, threads=1)
    yield dataclasses.replace(case, network=dataclasses.replace(case.network, normalized=False))
    if case.training:
        yield from (dataclasses.replace(case, training=recipe) for recipe in simpler(case.training))
        return
    for batch in sorted({1, *range(1, max(case.batches)), *case.batches}):
        yield dataclasses.replace(case, batches=(batch,))


def simpler(recipe: training.Training) -> Iterator[training.Training]:
    yield dataclasses.replace(recipe, smoothing=0.0)
    yield dataclasses.replace(recipe, freeze=())
    yield dataclasses.replace(recipe, groups=1)
    for images in range(1, recipe.images):
        yield dataclasses.replace(recipe, images=images)


def smaller(value: int) -> list[int]:
    """None of 0: what a smaller padding does, kernels and strides of 1 do too."""
    return sorted({*(size for size in SIZES if size < value), value // 2, value - 1} - {0, value})


def settings(net: Network) -> Iterator[Network]:
    for key in ("bias", "pad", "stride"):
        yield with_settings(net, lambda node, k, v, key=key: None if k == key else v)
    yield from (change for group in (True, False) for change in numbers(net, group))
    for i, node in enumerate(net.nodes):
        for key, value in node.settings.items():
            if key in ("bias", "pad", "stride", "rate") and node.op != "subsample":
                yield with_settings(net, lambda n, k, v, node=node, key=key: None if n is node and k == key else v)
            if key == "option":
                for option in "AB":
                    yield with_settings(net, lambda n, k, v, node=node, o=option: o if n is node and k == "option" else v)


def numbers(net: Network, together: bool) -> Iterator[Network]:
    """Channels and features that are one number become another at once, the input's too; so do kernels and strides."""
    kinds = {"channels": "width", "features": "width"}
    found = {(kinds.get(key, key), value): None for node in net.nodes for key, value in node.settings.items() if type(value) is int}
    found[("width", net.shape[0])] = None
    for kind, value in found:
        for less in smaller(value):
            def change(node: Node, key: str, old: object, kind=kind, value=value, less=less) -> object:
                return less if kinds.get(key, key) == kind and old == value and type(old) is int else old
            if together:
                channels = less if kind == "width" and net.shape[0] == value else net.shape[0]
                yield dataclasses.replace(with_settings(net, change), shape=(channels, *net.shape[1:]))
                continue
            for node in net.nodes:
                yield with_settings(net, lambda n, k, v, node=node, change=change: change(n, k, v) if n is node else v)


def with_settings(net: Network, change: Callable[[Node, str, object], object]) -> Network:
    """Every setting as `change` gives it; none where that is None."""
    changed = []
    for node in net.nodes:
        new = {key: change(node, key, value) for key, value in node.settings.items()}
        changed.append(dataclasses.replace(node, settings={key: value for key, value in new.items() if value is not None}))
    return dataclasses.replace(net, nodes=tuple(changed))


def picture(net: Network) -> Iterator[Network]:
    channels, height, width = net.shape
    for less in smaller(max(height, width)):
        yield dataclasses.replace(net, shape=(channels, min(less, height), min(less, width)))
    for less in smaller(height):
        yield dataclasses.replace(net, shape=(channels, less, width))
    for less in smaller(width):
        yield dataclasses.replace(net, shape=(channels, height, less))
    for less in smaller(channels):
        yield dataclasses.replace(net, shape=(less, height, width))


def on_network(stage: Callable[[Network], Iterator[Network]]) -> Callable[[Case], Iterator[Case]]:
    return lambda case: (dataclasses.replace(case, network=net.live()) for net in stage(case.network))


STAGES = [*map(on_network, (outputs, prefix, suffix, nodes)), flags, *map(on_network, (settings, picture))]


def valid(case: Case) -> bool:
    try:
        shapes_of(case.network)
    except (Invalid, KeyError):  # KeyError: a value that is gone
        return False
    return bool(case.network.outputs) and (case.training is None or training.fits(case.network))


def tidy(case: Case) -> Case:
    """Names count from 1 again."""
    net, names = case.network, {}
    for i, node in enumerate(net.nodes, 1):
        names[node.name] = f"{node.op}{i}"
    changed = tuple(dataclasses.replace(rename(node, names), name=names[node.name]) for node in net.nodes)
    return dataclasses.replace(case, network=dataclasses.replace(net, nodes=changed, outputs=tuple(names.get(o, o) for o in net.outputs)))


def reduce(case: Case, fails: Callable[[Case], bool], most_seconds: float = 200) -> Case:
    """The simplest case found in that time for which `fails` holds, as it does for `case`."""
    tried: set[tuple] = set()
    end = time.monotonic() + most_seconds

    def better(candidate: Case) -> bool:
        if weight(candidate) >= weight(case) or not valid(candidate) or time.monotonic() > end:
            return False
        key = (candidate.text(), tuple(candidate.flags()))
        if key in tried:
            return False
        tried.add(key)
        return fails(candidate)

    found = True
    while found:
        found = False
        for stage in STAGES:
            while step := next(filter(better, stage(case)), None):
                case, found = step, True
    if case.training:
        return case
    final = tidy(case)
    return final if fails(final) else case

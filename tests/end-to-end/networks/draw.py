"""A case: a network and how it is compiled and run, both from one seed."""
from __future__ import annotations

import dataclasses
import random

from . import classic, family, graphs, training
from .draft import Budget
from .spec import Network

# Multiply-adds of all images together: most of a network's time goes into compiling it, so that most stay below.
BUDGET = 40_000_000
SMALL_BUDGET, SMALL_WEIGHTS = 4_000_000, 500_000  # of those that an emulator runs in a few seconds


@dataclasses.dataclass(frozen=True)
class Case:
    seed: int
    network: Network
    batches: tuple[int, ...] = (1,)
    exact: bool = False
    target_cpu: str | None = None
    tuning: bool = True
    threads: int = 1
    target: str | None = None
    precision: str | None = None
    warp_groups: bool = False
    training: training.Training | None = None

    def text(self) -> str:
        """The spec."""
        return self.network.text(self.training.statement(self.network) if self.training else None)

    def flags(self) -> list[str]:
        return ["--weights", f"random:{self.seed}", *self.plan_flags(), "--threads", str(self.threads)]

    def plan_flags(self) -> list[str]:
        """What plans depend on."""
        flags = ["--train"] if self.training else ["--batch", ",".join(map(str, self.batches))]
        flags += ["--exact"] if self.exact else []
        flags += ["--target-cpu", self.target_cpu] if self.target_cpu else []
        flags += [] if self.tuning else ["--no-tuning"]
        flags += ["--target", self.target] if self.target else []
        flags += ["--precision", self.precision] if self.precision else []
        flags += ["--gpu-arch=sm_90a", "--gpu-code=ptx"] if self.warp_groups else []
        return flags


def draw_for(seed: int, target: str | None, precision: str | None = None, train: bool = False, wider: bool = False,
             warp_groups: bool = False, small: bool = False) -> Case:
    """The same network and batches for another target than x86, on which no CPU is to be chosen, in one of its precisions, perhaps by
    products of warp groups; or with a head that is trained. Of the wider family, or of what Deep Residual Learning has."""
    case = draw(seed, [family] if wider else None, small)
    if train:
        network, recipe = training.draw(case.network, seed)
        return dataclasses.replace(case, network=network, training=recipe, batches=(1,))
    if target:
        return dataclasses.replace(case, target=target, precision=precision, target_cpu=None, warp_groups=warp_groups,
                                   tuning=case.tuning or warp_groups)
    return case


def draw(seed: int, kinds: list | None = None, small: bool = False) -> Case:
    rng = random.Random(seed)
    batches = rng.choice([(1,), (1,), (1,), (2,), (3,), (5,), (8,), (1, 3)])
    kind = classic if rng.random() < 0.25 else graphs
    kind = rng.choice(kinds) if kinds else kind
    budget = Budget(SMALL_BUDGET // max(batches), SMALL_WEIGHTS) if small else Budget(BUDGET // max(batches))
    network = kind.draw(rng, budget)
    return Case(
        seed=seed,
        network=network,
        batches=batches,
        exact=rng.random() < 0.15,
        target_cpu=rng.choice([None, None, "x86-64-v3", "x86-64-v4"]),
        tuning=rng.random() < 0.5,
        threads=rng.choice([1, 2, 3]),
    )

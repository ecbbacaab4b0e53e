"""In which order images are seen: a state of its own, that a checkpoint can hold."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.utils.data import Sampler


@dataclass(frozen=True)
class Draw:
    """One image of one epoch. `turn` is its place in the epoch: two draws of an image are augmented apart."""

    index: int
    epoch: int
    turn: int


class Draws(Sampler[list[Draw]]):
    """
    Batches of one epoch after the other, each epoch in an order of its own, from wherever the state stands. Every
    process has the same order and takes its own part of each batch. Iterating doesn't move the state, since a loader
    runs ahead of the training: `taken` does.
    """

    def __init__(self, available: int, length: int, batch: int, seed: int, rank: int = 0, world: int = 1) -> None:
        self._available, self._length = available, length
        self._batch, self._rank, self._world = batch, rank, world
        self._generator = torch.Generator().manual_seed(seed)
        self._begin_epoch(0)

    @property
    def batches(self) -> int:
        """Of an epoch; what is left over of it is not seen."""
        return self._length // (self._batch * self._world)

    def __iter__(self) -> Iterator[list[Draw]]:
        together = self._batch * self._world
        # The state may move on to the next epoch before the last of these is asked for.
        order, epoch = self._order, self._epoch
        for number in range(self._position, self.batches):
            first = number * together + self._rank * self._batch
            turns = range(first, first + self._batch)
            yield [Draw(order[turn] % self._available, epoch, turn) for turn in turns]

    def taken(self) -> None:
        """One more batch was trained on."""
        self._position += 1
        if self._position == self.batches:
            self._begin_epoch(self._epoch + 1)

    def state_dict(self) -> dict[str, object]:
        return {"epoch": self._epoch, "position": self._position, "generator": self._at_epoch}

    def load_state_dict(self, state: dict) -> None:
        self._generator.set_state(state["generator"])
        self._begin_epoch(state["epoch"])
        self._position = state["position"]

    def _begin_epoch(self, epoch: int) -> None:
        self._at_epoch = self._generator.get_state()
        self._order: list[int] = torch.randperm(self._length, generator=self._generator).tolist()
        self._epoch, self._position = epoch, 0

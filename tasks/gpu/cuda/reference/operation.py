"""One thing that is timed: what it does, what that should come to, and what of it counts."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

#: Elements that a check looks at once, so that its float64 copies stay small beside what is checked.
PIECE = 1 << 20


@dataclass(frozen=True)
class Operation:
    #: Enqueues it once. Always into the same outputs, so that it allocates nothing and moves `bytes` and no more.
    run: Callable[[], object]
    #: What is wrong with the outputs after so many of them; None where nothing is.
    check: Callable[[int], str | None]
    outputs: tuple[torch.Tensor, ...]
    inputs: tuple[torch.Tensor, ...]
    bytes: int
    flop: int = 0
    count: int = 1
    #: The work is the host's as well: each is waited for, and the device's own time is not all of it.
    waited: bool = False
    #: Each byte of the outputs before the first: 0xFF is NaN in every float; a counter begins at 0.
    poison: int = 0xFF

    def reset(self) -> None:
        for output in self.outputs:
            output.view(-1).view(torch.uint8).fill_(self.poison)

    def footprint(self) -> int:
        return sum(t.untyped_storage().nbytes() for t in (*self.inputs, *self.outputs) if not t.is_pinned())


class Drawn:
    """Tensors of the device, drawn from one seed: zeros take less power, and so run faster, than numbers do."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._generator = torch.Generator(device).manual_seed(7)

    def empty(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype, device=self.device)

    def uniform(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """In [-1, 1)."""
        return self.empty(*shape, dtype=dtype).uniform_(-1, 1, generator=self._generator)

    def small_integers(self, *shape: int) -> torch.Tensor:
        """From -3 to 3: sums of them are exact in float32, in whatever order, while they stay below 2^24."""
        return self.empty(*shape).random_(-3, 4, generator=self._generator)


def differs(output: torch.Tensor, expected: torch.Tensor, allowed: torch.Tensor | float, first: int = 0) -> str | None:
    """The first element that is further from the expected one, in float64, than allowed; NaN always is."""
    found = output.double()
    right = (found - expected).abs() <= allowed
    if bool(right.all()):
        return None
    at = int((~right).view(-1).to(torch.uint8).argmax())
    return f"element {first + at} is {found.view(-1)[at].item():g} and not {expected.view(-1)[at].item():g}"

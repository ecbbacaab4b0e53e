"""Copies between host and device, copies within the device, and launches that do next to nothing."""

from collections.abc import Callable

import torch

from operation import Drawn, Operation, differs


def pinned(drawn: Drawn, size: int) -> torch.Tensor:
    """Of the host, and never paged out, so that the device fetches it by itself."""
    return torch.empty(size, dtype=torch.float32, pin_memory=drawn.device.type == "cuda")


def uniform(target: torch.Tensor) -> torch.Tensor:
    return target.uniform_(-1, 1, generator=torch.Generator(target.device).manual_seed(7))


def moved(target: torch.Tensor, source: torch.Tensor, moves: int, *, waited: bool) -> Operation:
    def run() -> object:
        return target.copy_(source, non_blocking=True)

    def check(_operations: int) -> str | None:
        return differs(target.cpu(), source.cpu().double(), 0.0)

    return Operation(run, check, (target,), (source,), bytes=moves, waited=waited)


def upload(size: int, drawn: Drawn) -> Operation:
    return moved(drawn.empty(size), uniform(pinned(drawn, size)), 4 * size, waited=True)


def download(size: int, drawn: Drawn) -> Operation:
    return moved(pinned(drawn, size), uniform(drawn.empty(size)), 4 * size, waited=True)


def device_copy(size: int, drawn: Drawn) -> Operation:
    # Read once and written once.
    return moved(drawn.empty(size), uniform(drawn.empty(size)), 8 * size, waited=False)


def counting(drawn: Drawn, size: int, act: Callable[[torch.Tensor], object], *, waited: bool) -> Operation:
    """PyTorch has no empty kernel: the smallest adds one to a number, and can be counted by it."""
    counter = drawn.empty(1, dtype=torch.int64)

    def check(operations: int) -> str | None:
        wanted = size * operations
        return None if int(counter) == wanted else f"{int(counter)} kernels ran and not {wanted}"

    return Operation(lambda: act(counter), check, (counter,), (), bytes=0, count=size, waited=waited, poison=0)


def launches(size: int, drawn: Drawn) -> Operation:
    """So many of them, each after the one before it."""

    def act(counter: torch.Tensor) -> None:
        for _ in range(size):
            counter.add_(1)

    return counting(drawn, size, act, waited=False)


def launch(_size: int, drawn: Drawn) -> Operation:
    """One of them, waited for."""
    return counting(drawn, 1, lambda counter: counter.add_(1), waited=True)


def round_trip(_size: int, drawn: Drawn) -> Operation:
    """One of them, and the number that it wrote read by the host."""
    return counting(drawn, 1, lambda counter: counter.add_(1).item(), waited=True)

"""Copies between host and device, copies within the device, and launches that do next to nothing."""

import torch

from operation import Drawn, Operation


def pinned(drawn: Drawn, size: int) -> torch.Tensor:
    """Of the host, and never paged out, so that the device fetches it by itself."""
    return torch.empty(size, dtype=torch.uint8, pin_memory=drawn.device.type == "cuda")


def same(output: torch.Tensor, source: torch.Tensor) -> str | None:
    if torch.equal(output.cpu(), source.cpu()):
        return None
    at = int((output.cpu() != source.cpu()).to(torch.uint8).argmax())
    return f"byte {at} is {int(output[at])} and not {int(source[at])}"


def drawn_bytes(target: torch.Tensor) -> torch.Tensor:
    """Never 255, which outputs are filled with before they are checked."""
    return target.random_(0, 255, generator=torch.Generator(target.device).manual_seed(7))


def moved(target: torch.Tensor, source: torch.Tensor, size: int) -> Operation:
    def run() -> object:
        return target.copy_(source, non_blocking=True)

    return Operation(run, lambda _: same(target, source), (target,), (source,), bytes=size, waited=True)


def upload(size: int, drawn: Drawn) -> Operation:
    source, target = drawn_bytes(pinned(drawn, size)), drawn.empty(size, dtype=torch.uint8)
    return moved(target, source, size)


def download(size: int, drawn: Drawn) -> Operation:
    source, target = drawn_bytes(drawn.empty(size, dtype=torch.uint8)), pinned(drawn, size)
    return moved(target, source, size)


def device_copy(size: int, drawn: Drawn) -> Operation:
    source, target = drawn_bytes(drawn.empty(size, dtype=torch.uint8)), drawn.empty(size, dtype=torch.uint8)
    # Read once and written once.
    return Operation(lambda: target.copy_(source), lambda _: same(target, source), (target,), (source,), bytes=2 * size)


def launches(size: int, drawn: Drawn) -> Operation:
    """So many kernels of one thread's work on end: PyTorch has no empty one, and this one can be counted."""
    counter = drawn.empty(1, dtype=torch.int64)

    def run() -> None:
        for _ in range(size):
            counter.add_(1)

    def check(operations: int) -> str | None:
        wanted = size * operations
        return None if int(counter) == wanted else f"{int(counter)} kernels ran and not {wanted}"

    return Operation(run, check, (counter,), (), bytes=0, count=size, poison=0)


def launch(size: int, drawn: Drawn) -> Operation:
    """One of them, waited for."""
    del size
    one = launches(1, drawn)
    return Operation(one.run, one.check, one.outputs, one.inputs, bytes=0, waited=True, poison=0)

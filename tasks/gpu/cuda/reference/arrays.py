"""BabelStream's five operations (its formulas for bytes), a reduction and a scan: one-dimensional float32."""

from collections.abc import Callable

import torch

from operation import PIECE, Drawn, Operation, differs

#: BabelStream's scalar, as float32 has it: both sides of a check must multiply by the same.
SCALAR = torch.tensor(0.4, dtype=torch.float32).item()
#: One rounding of a float32, and one to spare.
ULP = 2.0**-23

Expected = Callable[[slice], tuple[torch.Tensor, torch.Tensor | float]]


def elementwise(
    run: Callable[[], object], output: torch.Tensor, inputs: tuple[torch.Tensor, ...], expected: Expected
) -> Operation:
    def check(_operations: int) -> str | None:
        for first in range(0, output.numel(), PIECE):
            piece = slice(first, first + PIECE)
            wrong = differs(output[piece], *expected(piece), first)
            if wrong is not None:
                return wrong
        return None

    # Each input is read once and the output written once: `out=` allocates nothing, and a GPU reads nothing of what it
    # overwrites.
    moved = 4 * output.numel() * (len(inputs) + 1)
    return Operation(run, check, (output,), inputs, bytes=moved)


def copy(size: int, drawn: Drawn) -> Operation:
    a, c = drawn.uniform(size), drawn.empty(size)
    # The driver's own copy, as that is how it is done in PyTorch; BabelStream has a kernel.
    return elementwise(lambda: c.copy_(a), c, (a,), lambda at: (a[at].double(), 0.0))


def mul(size: int, drawn: Drawn) -> Operation:
    c, b = drawn.uniform(size), drawn.empty(size)

    def expected(at: slice):
        right = c[at].double() * SCALAR
        return right, right.abs() * ULP

    return elementwise(lambda: torch.mul(c, SCALAR, out=b), b, (c,), expected)


def add(size: int, drawn: Drawn) -> Operation:
    a, b, c = drawn.uniform(size), drawn.uniform(size), drawn.empty(size)

    def expected(at: slice):
        right = a[at].double() + b[at].double()
        return right, right.abs() * ULP

    return elementwise(lambda: torch.add(a, b, out=c), c, (a, b), expected)


def triad(size: int, drawn: Drawn) -> Operation:
    b, c, a = drawn.uniform(size), drawn.uniform(size), drawn.empty(size)

    def expected(at: slice):
        left, right = b[at].double(), c[at].double() * SCALAR
        # Fused or not: without fusing the product is rounded too.
        return left + right, (left.abs() + right.abs()) * ULP

    return elementwise(lambda: torch.add(b, c, alpha=SCALAR, out=a), a, (b, c), expected)


def dot(size: int, drawn: Drawn) -> Operation:
    a, b, sum_ = drawn.small_integers(size), drawn.small_integers(size), drawn.empty()

    def check(_operations: int) -> str | None:
        pieces = (slice(first, first + PIECE) for first in range(0, size, PIECE))
        total = sum(((a[at].double() * b[at].double()).sum() for at in pieces), torch.zeros((), dtype=torch.float64))
        return differs(sum_.cpu(), torch.as_tensor(total).cpu(), 0.0)

    return Operation(lambda: torch.dot(a, b, out=sum_), check, (sum_,), (a, b), bytes=8 * size)


def reduction(size: int, drawn: Drawn) -> Operation:
    a, sum_ = drawn.small_integers(size), drawn.empty()

    def check(_operations: int) -> str | None:
        total = sum(a[first : first + PIECE].double().sum().item() for first in range(0, size, PIECE))
        return differs(sum_.cpu(), torch.tensor(total, dtype=torch.float64), 0.0)

    return Operation(lambda: torch.sum(a, dim=0, out=sum_), check, (sum_,), (a,), bytes=4 * size)


def scan(size: int, drawn: Drawn) -> Operation:
    a, sums = drawn.small_integers(size), drawn.empty(size)

    def check(_operations: int) -> str | None:
        carry = torch.zeros((), dtype=torch.float64, device=drawn.device)
        for first in range(0, size, PIECE):
            right = carry + a[first : first + PIECE].double().cumsum(0)
            wrong = differs(sums[first : first + PIECE], right, 0.0, first)
            if wrong is not None:
                return wrong
            carry = right[-1]
        return None

    # Read once and written once is the least; one that needs a second pass reads more, and shows that as a lower rate.
    return Operation(lambda: torch.cumsum(a, 0, out=sums), check, (sums,), (a,), bytes=8 * size)

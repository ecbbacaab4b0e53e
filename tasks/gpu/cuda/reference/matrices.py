"""Products of square matrices by cuBLAS, without TF32 and with float32 sums."""

import torch

from operation import Drawn, Operation

#: Rows that are held against float64, spread over all.
ROWS = 64
COLUMNS = 1024


def gemm(size: int, drawn: Drawn, dtype: torch.dtype, allowed: float) -> Operation:
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    a, b = drawn.uniform(size, size, dtype=dtype), drawn.uniform(size, size, dtype=dtype)
    c = drawn.empty(size, size, dtype=dtype)

    def check(_operations: int) -> str | None:
        if not bool(torch.isfinite(c).all()):
            return "not every element was written, or some are no numbers"
        rows = torch.linspace(0, size - 1, min(ROWS, size), device=drawn.device, dtype=torch.float64).long()
        left = a[rows].double()
        wrong, whole = 0.0, 0.0
        for first in range(0, size, COLUMNS):
            columns = slice(first, first + COLUMNS)
            right = left @ b[:, columns].double()
            wrong += (c[rows, columns].double() - right).square().sum().item()
            whole += right.square().sum().item()
        error = (wrong / whole) ** 0.5
        return None if error <= allowed else f"its error is {error:.2g} (relative, Frobenius), not at most {allowed:g}"

    # Each matrix once: what the caches do not keep is read more often, and that is the implementation's to avoid.
    moved = 3 * size * size * a.element_size()
    return Operation(lambda: torch.mm(a, b, out=c), check, (c,), (a, b), bytes=moved, flop=2 * size**3)


def gemm_f32(size: int, drawn: Drawn) -> Operation:
    return gemm(size, drawn, torch.float32, 1e-5)


def gemm_f16(size: int, drawn: Drawn) -> Operation:
    # What is written is float16, too: half the bytes of a float32 result, and one more rounding.
    return gemm(size, drawn, torch.float16, 2e-3)

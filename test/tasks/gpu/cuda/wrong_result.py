"""The worker of PyTorch with operations that do not do what they should: each must be found out before it is timed."""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[4] / "tasks" / "gpu" / "cuda" / "reference"))

import cuda  # noqa: E402, which makes the next ones importable
import operations  # noqa: E402
import torch  # noqa: E402

right = dict(operations.OPERATIONS)


def spoilt(name: str, spoil):
    """After each operation, one thing is wrong with its output."""

    def prepare(size: int, drawn):
        operation = right[name](size, drawn)

        def run() -> None:
            operation.run()
            spoil(operation.outputs[0])

        return dataclasses.replace(operation, run=run)

    return prepare


def later(name: str):
    """The second is right no more."""

    def prepare(size: int, drawn):
        operation = right[name](size, drawn)
        done = 0

        def run() -> None:
            nonlocal done
            done += 1
            operation.run()
            if done > 1:
                one_more(operation.outputs[0])

        return dataclasses.replace(operation, run=run)

    return prepare


def nothing(name: str):
    """It writes nothing at all: what is there was not computed."""
    return lambda size, drawn: dataclasses.replace(right[name](size, drawn), run=lambda: None)


def last_is_nan(output: torch.Tensor) -> None:
    output.view(-1)[-1] = float("nan")


def one_bit(output: torch.Tensor) -> None:
    output.view(-1).view(torch.int32)[output.numel() // 2] ^= 8


def one_more(output: torch.Tensor) -> None:
    output.view(-1)[-1] += 1


def rows_twisted(output: torch.Tensor) -> None:
    output.copy_(output.t().clone())


for name in right:
    operations.OPERATIONS[f"{name} that does nothing"] = nothing(name)
operations.OPERATIONS["scan that goes wrong later"] = later("scan")
STREAM = ("stream-copy", "stream-mul", "stream-add", "stream-triad")
GEMM = ("gemm-f32", "gemm-f16")
COUNTED = ("latency-submit", "latency-dispatch", "latency-round-trip")
for name in (*STREAM, "scan", "upload", "download", "buffer-copy", *GEMM):
    operations.OPERATIONS[f"{name} with a NaN"] = spoilt(name, last_is_nan)
for name in (*STREAM, "upload", "download", "buffer-copy"):
    operations.OPERATIONS[f"{name} with a wrong bit"] = spoilt(name, one_bit)
for name in ("stream-dot", "reduce", "scan", *COUNTED):
    operations.OPERATIONS[f"{name} that is off by one"] = spoilt(name, one_more)
for name in GEMM:
    operations.OPERATIONS[f"{name} with its rows as columns"] = spoilt(name, rows_twisted)

cuda.main()

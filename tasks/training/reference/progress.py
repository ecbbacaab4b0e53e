"""What the training says while it runs: JSON lines for programs on PROGRESS_FD, a log for people on stderr."""

import contextlib
import datetime
import json
import math
import os
import sys
import time
from collections.abc import Mapping


class Progress:
    """Every line goes out by one write, so that a reader sees half of one only where the training is killed over it."""

    def __init__(self, descriptor: int | None, rank: int) -> None:
        self._descriptor = descriptor
        self._rank = rank

    def event(self, event: str, **fields: object) -> None:
        """For programs, and for people too."""
        self._send(event, fields)
        self._print(event, "info", fields)

    def step(self, **fields: object) -> None:
        """For programs only: one for each step."""
        self._send("step", fields)

    def log(self, event: str, level: str = "info", **fields: object) -> None:
        """For people only."""
        self._print(event, level, fields)

    def _print(self, event: str, level: str, fields: dict[str, object]) -> None:
        if self._rank != 0:
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"time": now, "level": level, "event": event, **_legal(fields)})
        # Whoever read it is gone; the training is worth more than its log.
        with contextlib.suppress(BrokenPipeError):
            print(line, file=sys.stderr, flush=True)

    def _send(self, event: str, fields: dict[str, object]) -> None:
        if self._descriptor is None:
            return
        line = json.dumps({"event": event, "time": time.time(), **_legal(fields)}) + "\n"
        try:
            os.write(self._descriptor, line.encode())
        except OSError:
            # Whoever watched is gone; the training is worth more than being watched.
            self._descriptor = None


def _legal(fields: dict[str, object]) -> dict[str, object]:
    """JSON has no word for what is no number: it is sent as text."""
    return {
        name: _spelt(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }


def _spelt(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def progress_descriptor(env: Mapping[str, str]) -> int | None:
    text = env.get("PROGRESS_FD", "")
    if not text.isdecimal():
        return None
    if "TORCHELASTIC_RUN_ID" not in env:
        return int(text)
    # torchrun hands no descriptors on, but has it itself.
    try:
        return os.open(f"/proc/{os.getppid()}/fd/{text}", os.O_WRONLY)
    except OSError:
        return None

"""Does through PyTorch what the kernels of WebGPU do, so that the two can be held against each other on one card.

A JSON line on stdin for each request: {"id": 1, "ask": "open", "device": "cuda"}. One for each answer on descriptor 3:
{"id": 1, "answer": …}, {"id": 1, "refused": "a sentence"}, or {"lost": "why"} once the device is of no more use.
It ends with its stdin, and at once on a signal.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

# Its sentences, and its network, are the reference training's.
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "training" / "reference"))

from problem import Problem, cannot  # noqa: E402

from opened import ACTION, facts, is_lost, is_out_of_memory, open_device  # noqa: E402

ANSWERS = 3

Asked = dict[str, object]


class Session:
    def __init__(self) -> None:
        self._device = None
        self._loaded = None

    def open(self, asked: Asked) -> object:
        self._device = open_device(str(asked.get("device", "cuda")))
        return facts(self._device)

    def load(self, asked: Asked) -> object:
        """Drops what was loaded before, whether this can be or not."""
        device = self._opened()
        self.unload({})
        from operations import OPERATIONS
        from operation import Drawn
        from sampling import Loaded

        name = str(asked.get("kernel"))
        if name not in OPERATIONS:
            raise cannot(ACTION, "kernel", f"one of {', '.join(OPERATIONS)}", name)
        size = whole(asked, "size", 1, 1 << 40)
        try:
            operation = OPERATIONS[name](size, Drawn(device))
            loaded = Loaded(name, operation, device)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise cannot(ACTION, "size", f"one for whose arrays there is memory with {name}", size) from None
        self._loaded = loaded
        return {
            "tuning": loaded.tuning,
            "search": loaded.search,
            "compileSeconds": loaded.first_seconds,
            "bytes": operation.bytes,
            "flop": operation.flop,
            "count": operation.count,
            "footprint": operation.footprint(),
        }

    def sample(self, asked: Asked) -> object:
        if self._loaded is None:
            raise cannot(ACTION, "sample", "asked for once a kernel is loaded", "nothing loaded")
        timed = self._loaded.sample(seconds(asked))
        device = {} if timed.device_seconds is None else {"deviceSeconds": timed.device_seconds}
        return {"operations": timed.operations, "wallSeconds": timed.wall_seconds, **device}

    def unload(self, _asked: Asked) -> object:
        self._loaded = None
        empty_cache(self._device)
        return {}

    def batch(self, asked: Asked) -> object:
        device = self._opened()
        from batch import try_batch

        limit = whole(asked, "limit", 0, 1 << 50) if "limit" in asked else 0
        return try_batch(device, whole(asked, "images", 1, 1 << 31), whole(asked, "resolution", 16, 4096), limit)

    def _opened(self):
        if self._device is None:
            raise cannot(ACTION, "device", "opened first", "none")
        return self._device


def whole(asked: Asked, name: str, least: int, most: int) -> int:
    value = asked.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise cannot(ACTION, name, f"a whole number from {least} to {most}", json.dumps(value))
    return value


def seconds(asked: Asked) -> float:
    value = asked.get("seconds")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= 3600:
        raise cannot(ACTION, "seconds", "a number above 0, to 3600", json.dumps(value))
    return float(value)


def empty_cache(device) -> None:
    if device is not None and device.type == "cuda":
        import torch

        torch.cuda.empty_cache()


def answer(session: Session, line: str) -> dict[str, object]:
    try:
        asked = json.loads(line)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        return {"id": 0, "refused": str(cannot(ACTION, "request", "an object in one line of JSON", line.strip()))}
    asks: dict[object, Callable[[Asked], object]] = {
        name: getattr(session, name) for name in ("open", "load", "sample", "unload", "batch")
    }
    reply: dict[str, object] = {"id": asked.get("id")}
    try:
        ask = asks.get(asked.get("ask"))
        if ask is None:
            raise cannot(ACTION, "ask", f"one of {', '.join(map(str, asks))}", json.dumps(asked.get("ask")))
        return {**reply, "answer": ask(asked)}
    except Problem as problem:
        return {**reply, "refused": str(problem)}
    except Exception as error:  # what a library throws must reach whoever asked
        if is_lost(error):
            return {"lost": f"{error}".splitlines()[0]}
        return {**reply, "refused": f"{type(error).__name__}: {error}".splitlines()[0]}


def main() -> None:
    # At once, and in the midst of a kernel; Python would wait for it to end.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    session = Session()
    for line in sys.stdin:
        text = json.dumps(answer(session, line)) + "\n"
        os.write(ANSWERS, text.encode())


if __name__ == "__main__":
    main()

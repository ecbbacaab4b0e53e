"""Does through PyTorch what the kernels of WebGPU do, so that the two can be held against each other on one card.

It is asked and answers as `tasks/gpu/worker/outcome.ts` says. It ends with its stdin, and at once on a signal.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

# Its sentences, and its network, are the reference training's.
sys.path.insert(1, str(Path(__file__).resolve().parents[3] / "training" / "reference"))

from problem import Problem

from opened import facts, is_lost, is_out_of_memory, open_device
from refusals import WrongResult, refused

ANSWERS = 3

Asked = dict[str, object]


class Session:
    def __init__(self) -> None:
        self._device = None
        self._loaded = {}
        self._count = 0

    def open(self, asked: Asked) -> object:
        self._device = open_device(str(asked.get("device", "cuda")))
        return {"kind": "opened", "facts": facts(self._device), "toggles": [], "all": []}

    def load(self, asked: Asked) -> object:
        device = self._opened()
        from operations import OPERATIONS
        from operation import Drawn
        from sampling import Loaded

        name = str(asked.get("kernel"))
        if name not in OPERATIONS:
            raise refused("kernel", f"one of {', '.join(OPERATIONS)}", name)
        size = whole(asked, "size", 1, 1 << 40)
        try:
            operation = OPERATIONS[name](size, Drawn(device))
            loaded = Loaded(name, operation, device)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            empty_cache(device)
            raise refused("size", f"one for whose arrays there is memory with {name}", size) from None
        self._count += 1
        self._loaded[self._count] = loaded
        return {
            "loaded": self._count,
            "tuning": loaded.tuning,
            "search": loaded.search,
            "compileSeconds": loaded.first_seconds,
            "bytes": operation.bytes,
            "flop": operation.flop,
            "count": operation.count,
            "footprint": operation.footprint(),
        }

    def sample(self, asked: Asked) -> object:
        timed = self._loaded[self._loaded_as(asked)].sample(seconds(asked))
        device = {} if timed.device_seconds is None else {"deviceSeconds": timed.device_seconds}
        return {"operations": timed.operations, "wallSeconds": timed.wall_seconds, **device}

    def unload(self, asked: Asked) -> object:
        """Says so where what the samples left is wrong: their times are of nothing, then."""
        loaded = self._loaded.pop(self._loaded_as(asked))
        try:
            loaded.check()
        finally:
            del loaded
            empty_cache(self._opened())
        return {}

    def batch(self, asked: Asked) -> object:
        device = self._opened()
        from batch import try_batch

        limit = whole(asked, "limit", 0, 1 << 50) if "limit" in asked else 0
        return try_batch(device, whole(asked, "images", 1, 1 << 31), whole(asked, "resolution", 16, 4096), limit)

    def _opened(self):
        if self._device is None:
            raise refused("device", "opened first", "none")
        return self._device

    def _loaded_as(self, asked: Asked) -> int:
        number = whole(asked, "loaded", 1, 1 << 31)
        if number not in self._loaded:
            raise refused("loaded", "one that was loaded", number)
        return number


def whole(asked: Asked, name: str, least: int, most: int) -> int:
    value = asked.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise refused(name, f"a whole number from {least} to {most}", json.dumps(value))
    return value


def seconds(asked: Asked) -> float:
    value = asked.get("seconds")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= 3600:
        raise refused("seconds", "a number above 0, to 3600", json.dumps(value))
    return float(value)


def empty_cache(device) -> None:
    if device.type == "cuda":
        import torch

        torch.cuda.empty_cache()


def answer(session: Session, line: str) -> dict[str, object]:
    try:
        asked = json.loads(line)
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        return {"id": 0, "refused": str(refused("request", "an object in one line of JSON", line.strip()))}
    asks: dict[object, Callable[[Asked], object]] = {
        name: getattr(session, name) for name in ("open", "load", "sample", "unload", "batch")
    }
    reply: dict[str, object] = {"id": asked.get("id")}
    try:
        ask = asks.get(str(asked.get("ask")))
        if ask is None:
            raise refused("ask", f"one of {', '.join(map(str, asks))}", json.dumps(asked.get("ask")))
        return {**reply, "answer": ask(asked)}
    except Problem as problem:
        return {**reply, "refused": str(problem), **({"wrong": True} if isinstance(problem, WrongResult) else {})}
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

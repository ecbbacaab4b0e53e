"""How long an operation takes: found right first, then so many of them on end as a sample's time asks for."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from operation import Operation
from refusals import WrongResult

#: Seconds that a batch must last before its time says how many fit into a sample.
CALIBRATED = 0.02
#: Seconds below which the host may be slower to launch an operation than the device to do it.
SHORT = 2e-4
#: Seconds of a graph's replay, and how many operations one may hold.
REPLAY = 0.01
LONGEST_GRAPH = 1000


@dataclass(frozen=True)
class Timed:
    operations: int
    device_seconds: float | None
    wall_seconds: float


class Loaded:
    """An operation whose result was right, started in the way that is fastest: one by one, or as a graph of many."""

    def __init__(self, name: str, operation: Operation, device: torch.device) -> None:
        self._name = name
        self._operation = operation
        self._device = device
        self._graph: torch.cuda.CUDAGraph | None = None
        #: Operations of one replay.
        self._each = 1
        #: Operations since its outputs were reset.
        self._done = 0
        #: The first one loads what it is made of.
        self.first_seconds = self._verify()
        self.seconds = self._calibrated()
        self.search: list[dict[str, object]] = [{"tuning": self.tuning, "seconds": self.seconds}]
        if device.type == "cuda" and not operation.waited and self.seconds < SHORT * operation.count:
            self._try_graph()

    @property
    def tuning(self) -> dict[str, int]:
        """How many operations are in one graph; 0: they are started one by one."""
        return {"graph": 0 if self._graph is None else self._each}

    def sample(self, seconds: float) -> Timed:
        return self._run(max(1, round(seconds / (self.seconds * self._each))))

    def check(self) -> None:
        """Throws a WrongResult for what its outputs hold after all that it did."""
        wrong = self._operation.check(self._done)
        if wrong is not None:
            raise WrongResult(f"The result of {self._name} on {self._device.type} is wrong: {wrong}.")

    def _calibrated(self) -> float:
        batch = 1
        while True:
            timed = self._run(batch)
            if timed.wall_seconds * timed.operations >= CALIBRATED or batch >= 1 << 20:
                # One may be held up by whatever else the machine does.
                return min(timed.wall_seconds, *(self._run(batch).wall_seconds for _ in range(2)))
            batch *= 2

    def _run(self, times: int) -> Timed:
        start_one, synchronize = self._start_one(), self._synchronize
        waited = self._operation.waited
        events = None
        if self._device.type == "cuda" and not waited:
            events = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        synchronize()
        began = time.perf_counter()
        if events is not None:
            events[0].record()
        for _ in range(times):
            start_one()
            if waited:
                synchronize()
        if events is not None:
            events[1].record()
        synchronize()
        wall = time.perf_counter() - began
        operations = times * self._each
        self._done += operations
        device = None if events is None else events[0].elapsed_time(events[1]) / 1000 / operations
        return Timed(operations, device, wall / operations)

    def _start_one(self) -> Callable[[], object]:
        return self._operation.run if self._graph is None else self._graph.replay

    def _synchronize(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _verify(self) -> float:
        self._operation.reset()
        self._synchronize()
        began = time.perf_counter()
        self._start_one()()
        self._synchronize()
        took = time.perf_counter() - began
        self._done = self._each
        self.check()
        return took

    def _try_graph(self) -> None:
        one_by_one = self.seconds
        each = max(1, min(LONGEST_GRAPH // self._operation.count, round(REPLAY / one_by_one)))
        tried: dict[str, object] = {"tuning": {"graph": each}}
        self.search.append(tried)
        try:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                for _ in range(each):
                    self._operation.run()
            self._graph, self._each = graph, each
            self._verify()
            self.seconds = tried["seconds"] = self._calibrated()
        except (RuntimeError, WrongResult) as error:
            tried["refused"] = str(error).splitlines()[0]
        if self.seconds >= one_by_one or "refused" in tried:
            self._graph, self._each, self.seconds = None, 1, one_by_one
            # What it counts began with the graph's.
            self._verify()

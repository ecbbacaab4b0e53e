"""
Sends a training to MLflow from a thread of its own: a server that is down or slow costs the training nothing but what
MLflow would show, and that is said.
"""

import queue
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict

from mlflow_rest import Mlflow, MlflowError
from progress import Progress
from settings import Settings
from system import System

#: MLflow takes 1000 metrics at once: so many of ours, with room for those of the machine.
_MOST = 990
#: Seconds between two looks at the machine, as MLflow's own are.
_LOOK_EVERY = 10.0
#: Seconds between two batches, and that are left when the training is over for those that could not be sent.
_EVERY, _PATIENCE = 1.0, 10.0
#: Where things are on this machine is no parameter: it may be another place when the training is resumed.
_NO_PARAMETERS = ("nvme_root", "nvme_min_gb", "out", "resume")


class Tracking:
    """Of one training; with no server it does nothing."""

    def __init__(self, server: Mlflow | None, progress: Progress) -> None:
        self._server, self._progress = server, progress
        self._metrics: queue.Queue[dict | None] = queue.Queue()
        self._thread = threading.Thread(target=self._send_all, daemon=True)
        self._until = float("inf")
        #: Taken from the queue, and not sent yet.
        self._batch: list[dict] = []
        self._system = System()
        self._looks, self._next_look = 0, 0.0
        self._said = ""
        self._artifacts = ""
        self.run: str | None = None

    def start(self, settings: Settings, env: Mapping[str, str], earlier: str | None, facts: Mapping) -> None:
        """Begins a run, or goes on with the one that a resumed training had."""
        if self._server is None:
            return
        begun = self._tried("start", lambda server: self._begin(server, settings, env, earlier))
        if self.run is None:
            return
        self._thread.start()
        if begun and earlier is None:
            self._tried("describe", lambda server: self._describe(server, settings, facts))

    def _begin(self, server: Mlflow, settings: Settings, env: Mapping[str, str], earlier: str | None) -> None:
        if earlier is not None:
            server.post("runs/update", {"run_id": earlier, "status": "RUNNING"})
            info = server.get("runs/get", {"run_id": earlier})["run"]["info"]
        else:
            name = env.get("MLFLOW_EXPERIMENT") or env.get("MLFLOW_EXPERIMENT_NAME") or settings.dataset
            named = {"start_time": _now(), "run_name": env.get("MLFLOW_RUN_NAME") or f"train {settings.dataset}"}
            info = server.run(server.experiment(name), named, uuid.uuid4().hex)["info"]
        self.run, self._artifacts = info["run_id"], info["artifact_uri"]
        self._progress.event("tracked", run=self.run, experiment=info["experiment_id"], uri=server.uri)

    def _describe(self, server: Mlflow, settings: Settings, facts: Mapping) -> None:
        given = {name: value for name, value in asdict(settings).items() if name not in _NO_PARAMETERS}
        params = [{"key": name, "value": str(value)[:500]} for name, value in given.items()]
        tags = [{"key": name, "value": str(value)} for name, value in facts.items()]
        server.post("runs/log-batch", {"run_id": self.run, "params": params, "tags": tags})

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        if self.run is not None:
            for key, value in values.items():
                self._metrics.put(_point(key, value, step))

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """The model's files as artifacts, and a version of the registered model where it has a name."""
        if self.run is not None:
            self._tried("send the model to", lambda server: self._send_model(server, name, files))

    def _send_model(self, server: Mlflow, name: str, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            server.upload(self._artifacts, f"model/{path}", content)
        if name:
            version = server.register(name, f"{self._artifacts}/model", str(self.run))
            self._progress.event("registered", model=name, version=version, run=self.run)

    def end(self, status: str) -> None:
        """FINISHED or FAILED, once the metrics are sent."""
        if self._server is None or self.run is None:
            return
        self._until = time.monotonic() + _PATIENCE
        self._metrics.put(None)
        self._thread.join(_PATIENCE + self._server.seconds)
        # What ends the queue is no point, and is left there where the server took nothing in time.
        lost = len(self._batch) + sum(point is not None for point in self._metrics.queue)
        if lost > 0:
            self._progress.event("tracking lost", points=lost)
        end = {"run_id": self.run, "status": status, "end_time": _now()}
        self._tried("end", lambda server: server.post("runs/update", end))

    def _send_all(self) -> None:
        over = False
        while (not over or self._batch) and time.monotonic() < self._until:
            over = over or self._fill(self._batch)
            if not self._batch:
                continue
            body = {"run_id": self.run, "metrics": self._batch + self._look(over)}
            if self._tried("send metrics to", lambda server, body=body: server.post("runs/log-batch", body)):
                self._batch = []
            else:
                # What the server can't take now it may take later.
                time.sleep(_EVERY)

    def _look(self, over: bool) -> list[dict]:
        """What the machine does, now and then and at the end."""
        if time.monotonic() < self._next_look and not over:
            return []
        self._next_look = time.monotonic() + _LOOK_EVERY
        self._looks += 1
        return [_point(key, value, self._looks) for key, value in self._system.metrics().items()]

    def _fill(self, batch: list[dict]) -> bool:
        """Waits for as many metrics as go into a batch, but not for long. Whether the last one has come."""
        until = time.monotonic() + _EVERY
        while len(batch) < _MOST and (left := until - time.monotonic()) > 0:
            try:
                point = self._metrics.get(timeout=left)
            except queue.Empty:
                break
            if point is None:
                return True
            batch.append(point)
        return False

    def _tried(self, what: str, call: Callable[[Mlflow], object]) -> bool:
        if self._server is None:
            return False
        try:
            call(self._server)
            return True
        except (MlflowError, KeyError, TypeError) as error:
            reason = str(error) if isinstance(error, MlflowError) else f"its answer is none of MLflow's ({error!r})"
            what = f"{what} {self._server.uri}"
            # A server that is down is asked again and again.
            if self._said != f"{what}: {reason}":
                self._progress.event("tracking failed", what=what, reason=reason)
            self._said = f"{what}: {reason}"
            return False


def _point(key: str, value: float, step: int) -> dict:
    return {"key": key, "value": _legal(value), "timestamp": _now(), "step": step}


def _legal(value: float) -> float | str:
    """JSON has no word for some numbers; MLflow reads these."""
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), value)


def _now() -> int:
    return int(time.time() * 1000)

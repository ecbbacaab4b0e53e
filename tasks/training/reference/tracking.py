"""
Sends a training to MLflow from a thread of its own: a server that is down or slow costs the training nothing but what MLflow
would show, and that is said.
"""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict

from mlflow_rest import Mlflow, MlflowError
from progress import Progress
from settings import Settings

#: MLflow takes so many metrics at once.
_MOST = 1000
#: Seconds between two batches, and that the end may take.
_EVERY, _PATIENCE = 1.0, 30.0


class Tracking:
    """With no server it does nothing."""

    def __init__(self, server: Mlflow | None, progress: Progress) -> None:
        self._server, self._progress = server, progress
        self._metrics: queue.Queue[dict | None] = queue.Queue()
        self._lost = 0
        self.run: str | None = None
        self.experiment: str | None = None
        self._artifacts = ""
        self._thread = threading.Thread(target=self._send_all, daemon=True)

    def start(
        self, settings: Settings, env: Mapping[str, str], earlier: str | None, facts: Mapping[str, object]
    ) -> None:
        """Begins a run, or goes on with the one that a resumed training had."""
        if self._server is None or not self._tried(
            "start", lambda server: self._begin(server, settings, env, earlier, facts)
        ):
            return
        self._thread.start()
        self._progress.event("tracked", run=self.run, experiment=self.experiment, uri=self._server.uri)

    def _begin(
        self,
        server: Mlflow,
        settings: Settings,
        env: Mapping[str, str],
        earlier: str | None,
        facts: Mapping[str, object],
    ) -> None:
        if earlier is not None:
            server.post("runs/update", {"run_id": earlier, "status": "RUNNING"})
            info = server.get("runs/get", {"run_id": earlier})["run"]["info"]
        else:
            experiment = server.experiment(
                env.get("MLFLOW_EXPERIMENT") or env.get("MLFLOW_EXPERIMENT_NAME") or settings.dataset
            )
            started = {
                "experiment_id": experiment,
                "start_time": _now(),
                "run_name": env.get("MLFLOW_RUN_NAME") or f"train {settings.dataset}",
            }
            info = server.post("runs/create", started)["run"]["info"]
        self.run, self.experiment, self._artifacts = info["run_id"], info["experiment_id"], info["artifact_uri"]
        if earlier is None:
            # Where things are on this machine is no parameter: it may be another place when the training is resumed.
            hidden = ("nvme_root", "nvme_min_gb", "out", "resume")
            params = [
                {"key": name, "value": str(value)[:500]}
                for name, value in asdict(settings).items()
                if name not in hidden
            ]
            tags = [{"key": name, "value": str(value)} for name, value in facts.items()]
            server.post("runs/log-batch", {"run_id": self.run, "params": params, "tags": tags})

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        if self.run is not None:
            for key, value in values.items():
                self._metrics.put({"key": key, "value": value, "timestamp": _now(), "step": step})

    def model(self, name: str, files: Mapping[str, bytes]) -> None:
        """The model's files as artifacts, and a version of the registered model where it has a name."""
        if self.run is None:
            return

        def send(server: Mlflow) -> None:
            for path, content in files.items():
                server.upload(self._artifacts, f"model/{path}", content)
            if name:
                version = server.register(name, f"{self._artifacts}/model", str(self.run))
                self._progress.event("registered", model=name, version=version, run=self.run)

        self._tried("send the model to", send)

    def end(self, status: str) -> None:
        """FINISHED, FAILED or KILLED, once the metrics are sent."""
        if self.run is None:
            return
        self._metrics.put(None)
        self._thread.join(_PATIENCE)
        if self._lost > 0:
            self._progress.event("tracking lost", points=self._lost)
        self._tried(
            "end", lambda server: server.post("runs/update", {"run_id": self.run, "status": status, "end_time": _now()})
        )

    def _send_all(self) -> None:
        over = False
        while not over:
            batch: list[dict] = []
            until = time.monotonic() + _EVERY
            while not over and len(batch) < _MOST and (left := until - time.monotonic()) > 0:
                try:
                    point = self._metrics.get(timeout=left)
                except queue.Empty:
                    break
                over = point is None
                if point is not None:
                    batch.append(point)
            if batch and not self._tried(
                "send metrics to",
                lambda server, sent=batch: server.post("runs/log-batch", {"run_id": self.run, "metrics": _legal(sent)}),
            ):
                self._lost += len(batch)

    def _tried(self, what: str, call: Callable[[Mlflow], object]) -> bool:
        if self._server is None:
            return False
        try:
            call(self._server)
            return True
        except (MlflowError, KeyError) as error:
            self._progress.event("tracking failed", what=f"{what} {self._server.uri}", reason=str(error))
            return False


def _legal(points: list[dict]) -> list[dict]:
    """JSON has no word for them; MLflow reads these."""
    words = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    return [{**point, "value": words.get(str(point["value"]), point["value"])} for point in points]


def _now() -> int:
    return int(time.time() * 1000)

"""What is counted, in the text format 0.0.4 of Prometheus."""

import threading
from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATUSES = ("success", "error")
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """A request is one image: its duration counts whatever became of it, so that both always add up."""

    def __init__(self, model: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        self._model = model
        # From the first look on, or a rate over them would miss the first.
        self._requests: dict[str, int] = dict.fromkeys(STATUSES, 0)
        self._within = [0] * len(_BOUNDS)
        self._seconds = 0.0

    def count(self, status: str, seconds: float) -> None:
        with self._lock:
            self._requests[status] += 1
            self._seconds += seconds
            for at, bound in enumerate(_BOUNDS):
                self._within[at] += seconds <= bound

    def text(self) -> str:
        with self._lock:
            requests, within, seconds = dict(self._requests), list(self._within), self._seconds
        total = sum(requests.values())
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in self._model.items())
        bounds = [*(str(bound) for bound in _BOUNDS), "+Inf"]
        lines = [
            "# HELP inference_requests_total Images that a prediction was asked for, by what came of it.",
            "# TYPE inference_requests_total counter",
            *(f'inference_requests_total{{status="{status}"}} {count}' for status, count in requests.items()),
            "# HELP inference_duration_seconds From asking for an image to what came of it.",
            "# TYPE inference_duration_seconds histogram",
            *(
                f'inference_duration_seconds_bucket{{le="{bound}"}} {count}'
                for bound, count in zip(bounds, [*within, total], strict=True)
            ),
            f"inference_duration_seconds_sum {seconds!r}",
            f"inference_duration_seconds_count {total}",
            "# HELP inference_model_info The model that predicts.",
            "# TYPE inference_model_info gauge",
            f"inference_model_info{{{labels}}} 1",
        ]
        return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

"""The few calls of MLflow's REST interface that a training needs, with the standard library alone."""

import base64
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
#: Seconds before each further attempt at what a busy server, or the way to it, spoils.
_PAUSES = (0.2, 0.5, 1.0)


class MlflowError(Exception):
    """What the server said, or why it said nothing. `passing`: it may well do the next time, and at once."""

    def __init__(self, sentence: str, code: str = "", passing: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.passing = passing


@dataclass(frozen=True)
class Mlflow:
    uri: str
    #: Of the Authorization header; none when empty.
    authorization: str
    seconds: float

    @staticmethod
    def from_env(env: Mapping[str, str]) -> "Mlflow | None":
        uri = env.get("MLFLOW_TRACKING_URI") or env.get("MLFLOW_TRACKING_URL")
        if not uri:
            return None
        token, user = env.get("MLFLOW_TRACKING_TOKEN"), env.get("MLFLOW_TRACKING_USERNAME")
        basic = base64.b64encode(f"{user}:{env.get('MLFLOW_TRACKING_PASSWORD', '')}".encode()).decode()
        authorization = f"Bearer {token}" if token else f"Basic {basic}" if user else ""
        return Mlflow(uri.rstrip("/"), authorization, float(env.get("MLFLOW_HTTP_REQUEST_TIMEOUT") or 10))

    def post(self, path: str, body: Mapping[str, object]) -> dict:
        return _again(lambda: self._post(path, body))

    def get(self, path: str, query: Mapping[str, str]) -> dict:
        return _json(self.fetch(f"/api/2.0/mlflow/{path}?{urllib.parse.urlencode(query)}"))

    def fetch(self, path: str) -> bytes:
        return _again(lambda: self._ask("GET", path, None, ""))

    def make(self, path: str, body: Mapping[str, object], find: Callable[[], dict | None]) -> dict:
        """What would be there twice when asked for twice: where the first answer was lost, `find` says whether it is there."""
        tried = False

        def once() -> dict:
            nonlocal tried
            there = find() if tried else None
            tried = True
            return there or self._post(path, body)

        return _again(once)

    def run(self, experiment: str, body: Mapping[str, object], name: str) -> dict:
        """A new run of this name, which no other has."""
        named = {"key": "assay.training", "value": name}
        search = {"experiment_ids": [experiment], "filter": f"tags.\"assay.training\" = '{name}'"}

        def find() -> dict | None:
            return next(({"run": run} for run in self.post("runs/search", search).get("runs", [])), None)

        return self.make("runs/create", {**body, "experiment_id": experiment, "tags": [named]}, find)["run"]

    def upload(self, artifact_uri: str, path: str, content: bytes) -> None:
        """To where the run's artifacts are; only those that the server itself keeps can be reached so."""
        scheme, _, rest = artifact_uri.partition(":")
        if scheme != "mlflow-artifacts":
            raise MlflowError(f"artifacts at {artifact_uri} are not the server's to take")
        folder = urllib.parse.quote(urllib.parse.urlsplit(f"x:{rest}").path.strip("/"))
        place = f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{urllib.parse.quote(path)}"
        _again(lambda: self._ask("PUT", place, content, "application/octet-stream"))

    def experiment(self, name: str) -> str:
        try:
            return self.post("experiments/create", {"name": name})["experiment_id"]
        except MlflowError as error:
            if error.code != "RESOURCE_ALREADY_EXISTS":
                raise
            return self.get("experiments/get-by-name", {"experiment_name": name})["experiment"]["experiment_id"]

    def register(self, name: str, source: str, run: str) -> str:
        """A new version of the model, whose number it returns; of a name that is taken too."""
        try:
            self.post("registered-models/create", {"name": name})
        except MlflowError as error:
            if error.code != "RESOURCE_ALREADY_EXISTS":
                raise
        body = {"name": name, "source": source, "run_id": run}

        def find() -> dict | None:
            found = self.get("model-versions/search", {"filter": f"run_id='{run}'"}).get("model_versions", [])
            return next(({"model_version": version} for version in found if version["name"] == name), None)

        return self.make("model-versions/create", body, find)["model_version"]["version"]

    def _post(self, path: str, body: Mapping[str, object]) -> dict:
        return _json(self._ask("POST", f"/api/2.0/mlflow/{path}", json.dumps(body).encode(), "application/json"))

    def _ask(self, method: str, path: str, body: bytes | None, kind: str) -> bytes:
        headers = {"Content-Type": kind} if kind else {}
        if self.authorization:
            headers["Authorization"] = self.authorization
        request = urllib.request.Request(self.uri + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.seconds) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            raise _said(error) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            # One that is down or silent is left alone: to wait for it would delay the training.
            broken = isinstance(error, ConnectionResetError | http.client.HTTPException)
            raise MlflowError(f"{self.uri} can't be reached ({error})", passing=broken) from error


def _json(content: bytes) -> dict:
    try:
        answer = json.loads(content) if content else {}
    except ValueError as error:
        raise MlflowError(f"what answers is no MLflow ({error})") from error
    if not isinstance(answer, dict):
        raise MlflowError("what answers is no MLflow")
    return answer


def _again(attempt: Callable[[], T]) -> T:
    for pause in _PAUSES:
        try:
            return attempt()
        except MlflowError as error:
            if not error.passing:
                raise
        time.sleep(pause)
    return attempt()


def _said(error: urllib.error.HTTPError) -> MlflowError:
    passing = error.code == 429 or error.code >= 500
    try:
        answer = json.loads(error.read())
        sentence = f"{error.code}: {answer.get('message', '')}"[:300]
        return MlflowError(sentence, answer.get("error_code", ""), passing)
    except (OSError, ValueError, AttributeError, http.client.HTTPException):
        return MlflowError(f"{error.code} {error.reason}", passing=passing)

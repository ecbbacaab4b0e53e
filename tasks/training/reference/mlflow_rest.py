"""The few calls of MLflow's REST interface that a training needs, with the standard library alone."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass


class MlflowError(Exception):
    """What the server said, or why it said nothing."""

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.code = code


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
        return self._ask("POST", f"/api/2.0/mlflow/{path}", json.dumps(body).encode(), "application/json")

    def get(self, path: str, query: Mapping[str, str]) -> dict:
        return self._ask("GET", f"/api/2.0/mlflow/{path}?{urllib.parse.urlencode(query)}", None, "")

    def upload(self, artifact_uri: str, path: str, content: bytes) -> None:
        """To where the run's artifacts are; only those that the server itself keeps can be reached so."""
        scheme, _, rest = artifact_uri.partition(":")
        if scheme != "mlflow-artifacts":
            raise MlflowError(f"artifacts at {artifact_uri} are not the server's to take")
        folder = urllib.parse.quote(urllib.parse.urlsplit(f"x:{rest}").path.strip("/"))
        self._ask(
            "PUT",
            f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{urllib.parse.quote(path)}",
            content,
            "application/octet-stream",
        )

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
        version = self.post("model-versions/create", {"name": name, "source": source, "run_id": run})
        return version["model_version"]["version"]

    def _ask(self, method: str, path: str, body: bytes | None, kind: str) -> dict:
        headers = {"Content-Type": kind} if kind else {}
        if self.authorization:
            headers["Authorization"] = self.authorization
        request = urllib.request.Request(self.uri + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=self.seconds) as response:
                text = response.read()
                return json.loads(text) if kind != "application/octet-stream" and text else {}
        except urllib.error.HTTPError as error:
            raise _said(error) from error
        except (OSError, ValueError) as error:
            raise MlflowError(f"{self.uri} can't be reached ({error})") from error


def _said(error: urllib.error.HTTPError) -> MlflowError:
    try:
        answer = json.loads(error.read())
        return MlflowError(f"{error.code}: {answer.get('message', '')}"[:300], answer.get("error_code", ""))
    except (OSError, ValueError, AttributeError):
        return MlflowError(f"{error.code} {error.reason}")

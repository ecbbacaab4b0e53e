"""Where the model comes from: the newest version of a name in MLflow's registry, or a folder."""

import hashlib
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlflow_rest import Mlflow, MlflowError
from problem import cannot

from asked import Asked

WEIGHTS, INFO = "model.safetensors", "model_info.json"


@dataclass(frozen=True)
class Found:
    name: str
    version: str
    #: As a person would look for it.
    source: str
    weights: bytes
    info: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.weights).hexdigest()


def find_model(asked: Asked, env: Mapping[str, str]) -> Found:
    """Throws a Problem that says what is missing."""
    return _in_folder(asked) if asked.model_path else _registered(asked.model_name, env)


def _in_folder(asked: Asked) -> Found:
    folder = Path(asked.model_path)
    try:
        weights, info = (folder / WEIGHTS).read_bytes(), (folder / INFO).read_bytes()
    except OSError as error:
        rule = f"a folder with {WEIGHTS} and {INFO}"
        raise cannot("predict", "MODEL_PATH", rule, f"{folder} ({error.strerror}: {error.filename})") from error
    # A folder has no version: what is in it names it.
    version = f"sha256-{hashlib.sha256(weights).hexdigest()[:12]}"
    return Found(asked.model_name or folder.resolve().name, version, str(folder), weights, info)


def _registered(name: str, env: Mapping[str, str]) -> Found:
    tracking = env.get("MLFLOW_TRACKING_URI") or env.get("MLFLOW_TRACKING_URL") or ""
    registry = env.get("MLFLOW_REGISTRY_URI") or env.get("MLFLOW_REGISTRY_URL") or tracking
    servers = [Mlflow.from_env({**env, "MLFLOW_TRACKING_URI": address}) for address in (registry, tracking or registry)]
    server, artifacts = servers
    if server is None or artifacts is None:
        following = f"It is where '{name}' is registered. Or give a folder as MODEL_PATH."
        raise cannot("predict", "MLFLOW_REGISTRY_URI", "the address of an MLflow server", "", following)
    try:
        version = _newest(server, name)
        named = {"name": name, "version": version}
        place = server.get("model-versions/get-download-uri", named)["artifact_uri"]
        files = {file: _download(artifacts, place, file) for file in (WEIGHTS, INFO)}
    except (MlflowError, KeyError, ValueError) as error:
        following = f"Looked at {server.uri}."
        raise cannot("predict", "MODEL_NAME", "a model that can be fetched", f"{name} ({error})", following) from error
    return Found(name, version, f"models:/{name}/{version}", files[WEIGHTS], files[INFO])


def _newest(server: Mlflow, name: str) -> str:
    """By its number, as MLflow counts."""
    # A filter has no way to escape a quote, but two to quote.
    quote = '"' if "'" in name else "'"
    query = {"filter": f"name={quote}{name}{quote}", "max_results": "100", "order_by": "version_number DESC"}
    versions = server.get("model-versions/search", query).get("model_versions", [])
    own = [version for version in versions if version["name"] == name]
    ready = [int(version["version"]) for version in own if version.get("status", "READY") == "READY"]
    if not ready:
        following = "Train it first with the same MODEL_NAME, or give a folder as MODEL_PATH."
        raise cannot("predict", "MODEL_NAME", f"a model registered at {server.uri}", name, following)
    return str(max(ready))


def _download(server: Mlflow, place: str, file: str) -> bytes:
    """Through the server; where it doesn't keep artifacts itself, only who has its credentials could fetch them."""
    split = urllib.parse.urlsplit(place)
    if split.scheme != "mlflow-artifacts":
        raise MlflowError(f"its artifacts are at {place}, and not the server's to give")
    path = urllib.parse.quote(f"{urllib.parse.unquote(split.path).strip('/')}/{file}")
    try:
        return server.fetch(f"/api/2.0/mlflow-artifacts/artifacts/{path}")
    except MlflowError as error:
        raise MlflowError(f"{file}: {error}") from error

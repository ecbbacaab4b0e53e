"""Folders `checkpoint-<step>` with all that it takes to go on bit for bit, and how to tell a damaged one."""

import hashlib
import io
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch

from durable import write_folder
from problem import cannot

RECORD = "trainer.json"
_PREFIX = "checkpoint-"
_DAMAGED = "damaged-"


@dataclass(frozen=True)
class Checkpoint:
    """One that was read and is whole."""

    path: Path
    step: int
    record: dict
    files: Mapping[str, bytes]
    #: How long it took to read it and to see that it is whole.
    seconds: float

    def weights(self) -> dict[str, torch.Tensor]:
        return safetensors.torch.load(self.files["model.safetensors"])

    def state(self, name: str) -> dict:
        # Without the power to run code: whoever may write a checkpoint need not be trusted.
        return torch.load(io.BytesIO(self.files[name]), weights_only=True, map_location="cpu")


class Damaged(Exception):
    """Says what is wrong with a checkpoint."""


def save_checkpoint(
    out: Path, step: int, weights: Mapping[str, torch.Tensor], states: Mapping[str, object], record: Mapping
) -> Path:
    """Throws a Problem when it can't be written; what was there before is then as it was."""
    files = {"model.safetensors": tensors_of(weights)}
    for name, state in states.items():
        buffer = io.BytesIO()
        torch.save(state, buffer)
        files[name] = buffer.getvalue()
    facts = {**record, "step": step, "sha256": {name: _digest(content) for name, content in files.items()}}
    files[RECORD] = json.dumps({**facts, "digest": _digest_of(facts)}, indent=2).encode()
    path = out / f"{_PREFIX}{step}"
    try:
        write_folder(path, files)
    except OSError as error:
        following = "Free some and give --resume: the checkpoint before it is whole."
        raise cannot(
            "save a checkpoint",
            "TRAINING_OUT",
            "a folder with room to write in",
            f"{out} ({error.strerror})",
            following,
        ) from error
    return path


def tensors_of(weights: Mapping[str, torch.Tensor]) -> bytes:
    return safetensors.torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()})


def read_checkpoint(path: Path) -> Checkpoint:
    """Throws Damaged unless every file is what was saved."""
    began = time.perf_counter()
    try:
        record = json.loads((path / RECORD).read_bytes())
        digest = record.pop("digest")
        if digest != _digest_of(record):
            raise Damaged(f"{RECORD} is not what was saved")
        files = {name: (path / name).read_bytes() for name in record["sha256"]}
        step = int(record["step"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error
    for name, content in files.items():
        if _digest(content) != record["sha256"][name]:
            raise Damaged(f"{name} is not what was saved")
    return Checkpoint(path, step, record, files, time.perf_counter() - began)


def checkpoints_in(out: Path) -> list[Path]:
    """Newest first."""
    found = [path for path in out.glob(f"{_PREFIX}*") if path.name[len(_PREFIX) :].isdecimal()]
    return sorted(found, key=lambda path: int(path.name[len(_PREFIX) :]), reverse=True)


def set_aside(path: Path) -> None:
    """A damaged one must be in nobody's way, and may still be looked at."""
    aside = path.with_name(_DAMAGED + path.name)
    shutil.rmtree(aside, ignore_errors=True)
    path.rename(aside)


def keep_newest(out: Path, count: int) -> None:
    for path in checkpoints_in(out)[count:]:
        shutil.rmtree(path)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(facts: Mapping) -> str:
    return _digest(json.dumps(facts, sort_keys=True).encode())

"""What a finished training leaves for whoever uses it."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from checkpoint import tensors_of
from durable import write_file
from job import Job
from problem import cannot
from saving import environment
from trainer import Trainer


def write_model(job: Job, trainer: Trainer) -> dict[str, bytes]:
    """Writes `model.safetensors` and `model_info.json`, which says how to use it; returns both."""
    settings, data = job.settings, job.data
    weights = tensors_of(trainer.network.state_dict())
    info = {
        "model_name": settings.model_name,
        "architecture": "tasks/training/reference/network.py",
        "classes": data.classes,
        "input": {
            "channels": data.channels,
            "height": settings.resolution,
            "width": settings.resolution,
            "range": [-1, 1],
        },
        "steps": job.total,
        "settings": asdict(settings),
        "environment": environment(),
        "parameters": sum(parameter.numel() for parameter in trainer.network.parameters()),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }
    files = {"model.safetensors": weights, "model_info.json": json.dumps(info, indent=2).encode()}
    out = Path(settings.out)
    try:
        for name, content in files.items():
            write_file(out / name, content)
    except OSError as error:
        raise cannot(
            "save the model", "TRAINING_OUT", "a folder with room to write in", f"{out} ({error.strerror})"
        ) from error
    return files

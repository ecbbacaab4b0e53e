"""Saves the trainer as a checkpoint, and finds the one to go on from."""

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy
import torch

from checkpoint import Checkpoint, Damaged, checkpoints_in, keep_newest, read_checkpoint, save_checkpoint, set_aside
from data import Data
from defects import planted
from job import Job
from problem import cannot
from progress import Progress
from settings import DECISIVE, Settings
from trainer import Trainer


@dataclass
class Saving:
    job: Job
    #: The step of the newest checkpoint.
    last: int = -1

    def save(self, trainer: Trainer) -> None:
        """Every process must come here at the same step; nothing happens where that step was saved already."""
        if self.last == trainer.step:
            return
        settings, team = self.job.settings, self.job.team
        began = time.perf_counter()
        noise = trainer.noise()
        if team.leads:
            record = {
                "epoch": trainer.epoch,
                "settings": asdict(settings),
                "data": self.job.data.digest,
                "mlflow_run": self.job.tracking.run,
                **environment(),
            }
            states = {**trainer.states(), **noise}
            path = save_checkpoint(Path(settings.out), trainer.step, trainer.network.state_dict(), states, record)
            if planted("tear-checkpoints"):
                os.truncate(path / "optimizer.bin", 100)
            keep_newest(path.parent, settings.keep)
            size = sum(file.stat().st_size for file in path.iterdir())
            seconds = time.perf_counter() - began
            self.job.progress.event("checkpoint", step=trainer.step, path=str(path), seconds=seconds, bytes=size)
        team.wait()
        self.last = trainer.step


def environment() -> dict[str, object]:
    """What the bits of the weights depend on besides code, settings and data."""
    return {
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


def find_checkpoint(settings: Settings, progress: Progress) -> Checkpoint | None:
    """
    The newest whole one, or the one that was named; damaged ones are set aside. None: there is nothing to go on from.
    Throws a Problem when the named one is damaged, or another training's checkpoints are in the way of a new one.
    """
    out = Path(settings.out)
    found = checkpoints_in(out)
    if settings.resume == "":
        if found:
            following = "Give --resume latest to go on from it, or another folder."
            raise cannot("start a training", "TRAINING_OUT", "a folder without checkpoints", found[0], following)
        return None
    if settings.resume != "latest":
        try:
            return read_checkpoint(Path(settings.resume))
        except Damaged as damage:
            raise cannot(
                "resume", "RESUME", "latest, or a checkpoint that is whole", f"{settings.resume} ({damage})"
            ) from damage
    for path in found:
        try:
            return read_checkpoint(path)
        except Damaged as damage:
            progress.event("checkpoint refused", path=str(path), reason=str(damage))
            set_aside(path)
    progress.log("resume", reason=f"no checkpoint in {out}: from the beginning")
    return None


def check_same(checkpoint: Checkpoint, settings: Settings, data: Data, progress: Progress) -> None:
    """Throws a Problem when the training would be another one; says when only its bits may be."""
    now = asdict(settings)
    for name in DECISIVE:
        before = checkpoint.record["settings"].get(name)
        if before != now[name]:
            raise cannot("resume", name.upper(), f"{before}, as {checkpoint.path.name} was made with", now[name])
    if checkpoint.record["data"] != data.digest:
        raise cannot(
            "resume",
            "DATASET_ID",
            f"the images that {checkpoint.path.name} was made with",
            f"{settings.dataset}, which holds others now",
        )
    for name, value in environment().items():
        if checkpoint.record.get(name) != value:
            progress.event("environment changed", what=name, before=checkpoint.record.get(name), now=value)

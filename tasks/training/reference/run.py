"""One sitting of a training, from its settings to its exit code."""

import os
import time
from dataclasses import asdict
from pathlib import Path

import torch

from checkpoint import Checkpoint, read_checkpoint
from data import Data, images_of_an_epoch, stage_data
from draws import Draws
from durable import sweep
from job import Job
from loop import train
from mlflow_rest import Mlflow
from model import write_model
from noise import seed_all
from nvme import open_disk
from progress import Progress
from saving import Saving, check_same, environment, find_checkpoint
from settings import Settings
from stopping import StopRequest
from together import Team, join_team
from tracking import Tracking
from trainer import Trainer, make_trainer


def run(settings: Settings, stop: StopRequest, progress: Progress) -> int:
    torch.set_num_threads(settings.threads)
    # CUDA's products are only repeatable with a workspace of their own.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    team = join_team(settings)
    seed_all(settings.seed, team.rank)
    tracking = Tracking(Mlflow.from_env(os.environ) if team.leads else None, progress)
    status = "FAILED"
    try:
        data, checkpoint = _prepare(settings, team, progress)
        length = images_of_an_epoch(settings, len(data.training))
        draws = Draws(len(data.training), length, settings.batch_size, settings.seed, team.rank, team.world)
        total = settings.steps or settings.epochs * draws.batches
        job = Job(settings, data, total, team, progress, tracking, stop)
        trainer = make_trainer(job, draws)
        facts = {"steps": total, "examples": len(data.training), "classes": len(data.classes), **environment()}
        tracking.start(settings, os.environ, checkpoint.record.get("mlflow_run") if checkpoint else None, facts)
        progress.event("started", settings=asdict(settings), **facts)
        saving = Saving(job)
        if checkpoint:
            _restore(trainer, checkpoint, saving)
        if not train(job, trainer, saving):
            return stop.code
        if team.leads:
            tracking.model(settings.model_name, write_model(job, trainer))
        team.wait()
        status = "FINISHED"
        return 0
    finally:
        tracking.end(status)
        team.leave()


def _prepare(settings: Settings, team: Team, progress: Progress) -> tuple[Data, Checkpoint | None]:
    """The first process looks and fetches, and tells the others what it found."""
    found: tuple[Data, Path | None] | None = None
    checkpoint: Checkpoint | None = None
    if team.leads:
        root = open_disk(settings)
        sweep(Path(settings.out))
        checkpoint = find_checkpoint(settings, progress)
        data = stage_data(settings, root, progress)
        if checkpoint:
            check_same(checkpoint, settings, data, progress)
        found = (data, checkpoint.path if checkpoint else None)
    data, path = team.share(found)
    if path and not team.leads:
        checkpoint = read_checkpoint(path)
    return data, checkpoint


def _restore(trainer: Trainer, checkpoint: Checkpoint, saving: Saving) -> None:
    began = time.perf_counter()
    states = {name: checkpoint.state(name) for name in checkpoint.files if name != "model.safetensors"}
    trainer.restore(checkpoint.step, checkpoint.weights(), states)
    saving.last = checkpoint.step
    seconds = checkpoint.seconds + time.perf_counter() - began
    saving.job.progress.event("resumed", step=checkpoint.step, path=str(checkpoint.path), seconds=seconds)

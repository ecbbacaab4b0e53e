"""Step after step until the last one, or until somebody asks for the end."""

import time
from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader

from data import Data
from images import TrainingImages
from memory import memory_bytes
from progress import Progress
from saving import Saving
from settings import Settings
from stopping import StopRequest, loader_ignores_signals
from tracking import Tracking
from trainer import Trainer
from validation import validate


def train(
    trainer: Trainer,
    total: int,
    settings: Settings,
    data: Data,
    saving: Saving,
    stop: StopRequest,
    progress: Progress,
    tracking: Tracking,
) -> bool:
    """Whether it came to the last step; either way the last step it did is saved."""
    batches = _batches(trainer, settings, data)
    trainer.network.train()
    team = trainer.team
    while trainer.step < total:
        if team.any(stop.asked):
            saving.save(trainer)
            return False
        began = time.perf_counter()
        images, labels = next(batches)
        loaded = time.perf_counter()
        epoch, rate = trainer.epoch, trainer.learning_rate
        loss = trainer.train_on(images, labels)
        ended = time.perf_counter()
        progress.step(
            step=trainer.step,
            epoch=epoch,
            loss=loss,
            lr=rate,
            step_seconds=ended - began,
            data_seconds=loaded - began,
            images=len(labels) * team.world,
            memory_bytes=memory_bytes(),
        )
        tracking.metrics(
            trainer.step, {"loss": loss, "lr": rate, "images_per_second": len(labels) * team.world / (ended - began)}
        )
        if trainer.step % settings.checkpoint_every == 0 or trainer.step == total:
            saving.save(trainer)
            if settings.validate:
                _validate(trainer, settings, data, progress, tracking)
    return True


def _batches(trainer: Trainer, settings: Settings, data: Data) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    loader = DataLoader(
        TrainingImages(data.training, settings.resolution, data.channels, settings.seed),
        batch_sampler=trainer.draws,
        num_workers=settings.workers,
        persistent_workers=settings.workers > 0,
        worker_init_fn=loader_ignores_signals if settings.workers > 0 else None,
        # Else it would draw from the generator that drops out, at each epoch's start and at each resume.
        generator=torch.Generator().manual_seed(settings.seed),
        pin_memory=trainer.team.device.type == "cuda",
    )
    while True:
        yield from loader


def _validate(trainer: Trainer, settings: Settings, data: Data, progress: Progress, tracking: Tracking) -> None:
    if trainer.team.leads:
        began = time.perf_counter()
        result = validate(trainer.network, data, settings, trainer.team.device)
        progress.event("validation", step=trainer.step, seconds=time.perf_counter() - began, **result)
        tracking.metrics(trainer.step, {"validation_loss": result["loss"], "validation_accuracy": result["accuracy"]})
    trainer.team.wait()

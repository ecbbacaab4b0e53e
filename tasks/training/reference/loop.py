"""Step after step until the last one, or until somebody asks for the end."""

import time
from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader

from images import TrainingImages
from job import Job
from memory import memory_bytes
from saving import Saving
from stopping import loader_ignores_signals
from trainer import Trainer
from validation import validate


def train(job: Job, trainer: Trainer, saving: Saving) -> bool:
    """Whether it came to the last step; either way the last step it did is saved."""
    batches = _batches(job, trainer)
    trainer.network.train()
    while trainer.step < job.total:
        if job.team.any(job.stop.asked):
            saving.save(trainer)
            return False
        _step(job, trainer, batches)
        if trainer.step % job.settings.checkpoint_every == 0 or trainer.step == job.total:
            saving.save(trainer)
            if job.settings.validate:
                _validate(job, trainer)
    return True


def _step(job: Job, trainer: Trainer, batches: Iterator[tuple[torch.Tensor, torch.Tensor]]) -> None:
    epoch, rate = trainer.epoch, trainer.learning_rate
    began = time.perf_counter()
    images, labels = next(batches)
    loaded = time.perf_counter()
    loss = trainer.train_on(images, labels)
    seconds = time.perf_counter() - began
    together = len(labels) * job.team.world
    job.progress.step(
        step=trainer.step,
        epoch=epoch,
        loss=loss,
        lr=rate,
        step_seconds=seconds,
        data_seconds=loaded - began,
        images=together,
        memory_bytes=memory_bytes(),
    )
    job.tracking.metrics(trainer.step, {"loss": loss, "lr": rate, "images_per_second": together / seconds})


def _batches(job: Job, trainer: Trainer) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    settings = job.settings
    loader = DataLoader(
        TrainingImages(job.data.training, settings.resolution, job.data.channels, settings.seed),
        batch_sampler=trainer.draws,
        num_workers=settings.workers,
        persistent_workers=settings.workers > 0,
        worker_init_fn=loader_ignores_signals if settings.workers > 0 else None,
        # Else it would draw from the generator that drops out, at each epoch's start and at each resume.
        generator=torch.Generator().manual_seed(settings.seed),
        pin_memory=job.team.device.type == "cuda",
    )
    while True:
        yield from loader


def _validate(job: Job, trainer: Trainer) -> None:
    if job.team.leads:
        began = time.perf_counter()
        result = validate(trainer.network, job.data, job.settings, job.team.device)
        job.progress.event("validation", step=trainer.step, seconds=time.perf_counter() - began, **result)
        shown = {"validation_loss": result["loss"], "validation_accuracy": result["accuracy"]}
        job.tracking.metrics(trainer.step, shown)
    job.team.wait()

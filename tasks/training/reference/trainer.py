"""What is trained and everything that its next step depends on; it can be saved and restored as one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from defects import planted
from draws import Draws
from job import Job
from network import make_network
from noise import noise_state, restore_noise
from together import Team

_PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass
class Trainer:
    #: The bare network, and the one that is called: the same, but where several processes train together.
    network: nn.Module
    called: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: LambdaLR
    scaler: torch.amp.GradScaler
    draws: Draws
    team: Team
    precision: torch.dtype
    step: int = 0

    @property
    def epoch(self) -> int:
        return self.step // self.draws.batches

    @property
    def learning_rate(self) -> float:
        return float(self.scheduler.get_last_lr()[0])

    def train_on(self, images: torch.Tensor, labels: torch.Tensor) -> float:
        """One step; returns its loss, the mean over all processes."""
        device = self.team.device
        images, labels = images.to(device, non_blocking=True), labels.to(device, non_blocking=True)
        with torch.autocast(device.type, dtype=self.precision, enabled=self.precision != torch.float32):
            loss = nn.functional.cross_entropy(self.called(images), labels)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.scheduler.step()
        self.draws.taken()
        self.step += 1
        return self.team.mean(loss)

    def states(self) -> dict[str, object]:
        """But for the weights and the noise; named as the files they become."""
        return {
            "optimizer.bin": self.optimizer.state_dict(),
            "scheduler.bin": self.scheduler.state_dict(),
            "sampler.bin": self.draws.state_dict(),
            "scaler.pt": self.scaler.state_dict(),
        }

    def noise(self) -> dict[str, object]:
        """Of every process; empty but in the first."""
        gathered = self.team.gather(noise_state())
        return {f"random_states_{rank}.pkl": state for rank, state in enumerate(gathered)}

    def restore(self, step: int, weights: Mapping[str, torch.Tensor], states: Mapping[str, dict]) -> None:
        self.step = step
        if not planted("skip-model"):
            self.network.load_state_dict({**self.network.state_dict(), **_of_interest(weights)})
        if not planted("skip-optimizer"):
            self.optimizer.load_state_dict(states["optimizer.bin"])
        if not planted("skip-scheduler"):
            self.scheduler.load_state_dict(states["scheduler.bin"])
        if not planted("skip-sampler"):
            self.draws.load_state_dict(states["sampler.bin"])
        if not planted("skip-scaler"):
            self.scaler.load_state_dict(states["scaler.pt"])
        if not planted("skip-rng"):
            restore_noise(states[f"random_states_{self.team.rank}.pkl"])


def _of_interest(weights: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
    if not planted("skip-batchnorm"):
        return weights
    return {name: tensor for name, tensor in weights.items() if "running_" not in name}


def make_trainer(job: Job, draws: Draws) -> Trainer:
    settings, data, team = job.settings, job.data, job.team
    network = make_network(data.channels, len(data.classes), settings.resolution).to(team.device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate)
    # Gradients of half precision alone run out of it, so elsewhere it would scale for nothing.
    scaler = torch.amp.GradScaler(
        team.device.type, enabled=settings.precision == "fp16", growth_interval=settings.scaler_growth
    )
    return Trainer(
        network=network,
        called=team.wrap(network),
        optimizer=optimizer,
        scheduler=LambdaLR(optimizer, _up_and_down(job.total)),
        scaler=scaler,
        draws=draws,
        team=team,
        precision=_PRECISIONS[settings.precision],
    )


def _up_and_down(total: int) -> Callable[[int], float]:
    """Up over the first tenth of all steps, then straight down to nothing."""
    warm = max(1, total // 10)

    def share(step: int) -> float:
        return (step + 1) / warm if step < warm else max(0.0, (total - step) / max(1, total - warm))

    return share

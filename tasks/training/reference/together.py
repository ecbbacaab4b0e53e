"""One training in several processes, as torchrun starts them; with a single one nothing of it is loaded."""

import ctypes
import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn

from problem import cannot
from settings import Settings


@dataclass(frozen=True)
class Team:
    rank: int
    world: int
    device: torch.device

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def wait(self) -> None:
        if self.world > 1:
            distributed.barrier()

    def wrap(self, network: nn.Module) -> nn.Module:
        if self.world == 1:
            return network
        return nn.parallel.DistributedDataParallel(
            network, device_ids=[self.device] if self.device.type == "cuda" else None
        )

    def mean(self, value: torch.Tensor) -> float:
        if self.world == 1:
            return value.item()
        together = value.detach().clone().double()
        distributed.all_reduce(together)
        return together.item() / self.world

    def any(self, flag: bool) -> bool:
        """Whether one of them says so; all must ask at the same step."""
        if self.world == 1:
            return flag
        votes = torch.tensor(float(flag), device=self.device)
        distributed.all_reduce(votes)
        return votes.item() > 0

    def gather(self, value: object) -> list[object]:
        """Of each process, for the first one; empty for the others."""
        if self.world == 1:
            return [value]
        gathered: list[object] = [None] * self.world
        distributed.gather_object(value, gathered if self.leads else None)
        return gathered if self.leads else []

    def share(self, value: Any) -> Any:
        """What the first process has, for all."""
        if self.world == 1:
            return value
        holder = [value]
        distributed.broadcast_object_list(holder)
        return holder[0]

    def leave(self) -> None:
        if self.world > 1 and distributed.is_initialized():
            distributed.destroy_process_group()


def join_team(settings: Settings) -> Team:
    """Throws a Problem when there are not as many processes, or devices for them, as INSTANCE_COUNT says."""
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if world != settings.instance_count:
        following = "Start it by torchrun --nproc-per-node with the same number."
        raise cannot(
            "train", "INSTANCE_COUNT", f"the {world} processes that were started", settings.instance_count, following
        )
    local = int(os.environ.get("LOCAL_RANK", "0"))
    devices = torch.cuda.device_count() if settings.device != "cpu" else 0
    if settings.device == "cuda" and devices == 0:
        raise cannot("train", "DEVICE", "cpu where torch sees no CUDA device", "cuda")
    if devices > 0 and int(os.environ.get("LOCAL_WORLD_SIZE", "1")) > devices:
        raise cannot(
            "train", "INSTANCE_COUNT", f"at most the {devices} CUDA devices here", world, "Or give --device cpu."
        )
    device = torch.device("cuda", local) if devices > 0 else torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if world > 1:
        _end_with_parent()
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Team(rank, world, device)


def _end_with_parent() -> None:
    """Each has a session of its own: without it, those of a torchrun that was killed would wait for each other."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

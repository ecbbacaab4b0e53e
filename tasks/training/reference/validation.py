"""Tries images that were held back. It must change nothing: no weight, no running statistic, no random number."""

from collections.abc import Sequence

import torch
from torch import nn

from data import Data
from defects import planted
from images import Example, read_batch
from settings import Settings

_TOGETHER = 64
_MOST = 512


@torch.no_grad()
def validate(network: nn.Module, data: Data, settings: Settings, device: torch.device) -> dict[str, float]:
    examples: Sequence[Example] = data.held_back[:_MOST]
    network.train(planted("validation-trains"))
    loss, right = 0.0, 0
    for first in range(0, len(examples), _TOGETHER):
        images, labels = read_batch(examples[first : first + _TOGETHER], settings.resolution, data.channels)
        guessed = network(images.to(device)).cpu()
        loss += nn.functional.cross_entropy(guessed, labels, reduction="sum").item()
        right += int((guessed.argmax(1) == labels).sum())
    network.train()
    return {"loss": loss / len(examples), "accuracy": right / len(examples), "images": len(examples)}

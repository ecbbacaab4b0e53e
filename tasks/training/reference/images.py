"""Staged images as tensors, the training's augmented and those held back as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
import torch
from PIL import Image
from torch.utils.data import Dataset

from draws import Draw


@dataclass(frozen=True)
class Example:
    """A staged image of one class."""

    path: str
    label: int


class TrainingImages(Dataset):
    """How an image is changed follows from seed, epoch and turn alone: it doesn't matter which process loads it."""

    def __init__(self, examples: Sequence[Example], resolution: int, channels: int, seed: int) -> None:
        self._examples, self._resolution, self._channels, self._seed = examples, resolution, channels, seed

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, draw: Draw) -> tuple[torch.Tensor, int]:
        example = self._examples[draw.index]
        image = read_image(example.path, self._resolution, self._channels)
        seed = (self._seed << 48 ^ draw.epoch << 28 ^ draw.turn) & (2**63 - 1)
        generator = torch.Generator().manual_seed(seed)
        down, right = torch.randint(-1, 2, (2,), generator=generator).tolist()
        light = 0.8 + 0.4 * torch.rand((), generator=generator)
        return torch.roll(image, (down, right), dims=(1, 2)) * light, example.label


def read_image(path: str, resolution: int, channels: int) -> torch.Tensor:
    with Image.open(path) as opened:
        image = opened.convert("L" if channels == 1 else "RGB").resize(
            (resolution, resolution), Image.Resampling.BILINEAR
        )
    pixels = numpy.asarray(image, dtype=numpy.float32).reshape(resolution, resolution, channels)
    return torch.from_numpy(pixels.transpose(2, 0, 1) / 127.5 - 1.0)


def read_batch(examples: Sequence[Example], resolution: int, channels: int) -> tuple[torch.Tensor, torch.Tensor]:
    images = [read_image(example.path, resolution, channels) for example in examples]
    return torch.stack(images), torch.tensor([example.label for example in examples])

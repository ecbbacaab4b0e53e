"""A trained network, and what it says of an image."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from images import read_image
from network import make_network
from PIL import Image, ImageOps
from problem import cannot
from safetensors import SafetensorError
from torch import nn

from description import Description, misfit
from registry import Found

_ORIENTATION = 0x0112  # of EXIF


class Unreadable(Exception):
    """Why there is no prediction for an image, and never will be."""


@dataclass(frozen=True)
class Prediction:
    label: int
    score: float
    #: Of the upright image.
    width: int
    height: int


@dataclass(frozen=True)
class Classifier:
    network: nn.Module
    described: Description
    device: torch.device

    @torch.inference_mode()
    def predict(self, path: Path) -> Prediction:
        """Throws Unreadable; an OSError where the disk is at fault."""
        with _decoding():
            size, turned = _look(path)
        if turned is not None:
            path = path.with_name(f"{path.name}.upright.png")
            turned.save(path, "PNG", compress_level=1)
        with _decoding():
            image = read_image(str(path), self.described.resolution, self.described.channels)
        shares = self.network(image[None].to(self.device))[0].softmax(0)
        score, label = (value.item() for value in shares.max(0))
        if not math.isfinite(score):
            raise Unreadable("the model's answer is no number")
        return Prediction(int(label), score, *size)


@contextmanager
def _decoding() -> Iterator[None]:
    try:
        yield
    # Some of Pillow's readers throw whatever a damaged file brings about, a RuntimeError for one of AVIF.
    except Exception as error:
        raise Unreadable(f"it can't be decoded ({error})") from error


def _look(path: Path) -> tuple[tuple[int, int], Image.Image | None]:
    """The size of the upright image, and the image itself where it had to be turned: so the training saw its own."""
    with Image.open(path) as opened:
        opened.load()
        if opened.getexif().get(_ORIENTATION, 1) == 1:
            return opened.size, None
        turned = ImageOps.exif_transpose(opened).convert("RGB")
        return turned.size, turned


def load_classifier(found: Found, described: Description, device: str) -> Classifier:
    """Throws a Problem when the weights are another network's, or the device is none."""
    chosen = _device(device)
    network = make_network(described.channels, len(described.classes), described.resolution)
    try:
        network.load_state_dict(safetensors.torch.load(found.weights))
    except (RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:120]
        raise misfit(found, "with the weights of the reference training's network", reason) from error
    return Classifier(network.eval().to(chosen), described, chosen)


def _device(asked: str) -> torch.device:
    if asked == "cuda" and not torch.cuda.is_available():
        raise cannot("predict", "DEVICE", "cpu where torch sees no CUDA device", asked)
    return torch.device("cuda" if asked != "cpu" and torch.cuda.is_available() else "cpu")

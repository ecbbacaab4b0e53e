"""A trained network, and what it says of an image."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from images import read_image
from network import make_network
from PIL import Image, ImageOps
from problem import Problem, cannot
from safetensors import SafetensorError
from torch import nn

from registry import INFO, WEIGHTS, Found

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
    classes: Sequence[str]
    channels: int
    resolution: int
    device: torch.device

    @torch.inference_mode()
    def predict(self, path: Path) -> Prediction:
        """Throws Unreadable."""
        try:
            upright, (width, height) = _upright(path)
            image = read_image(str(upright), self.resolution, self.channels)
        # A damaged file makes Pillow throw all of these.
        except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
            raise Unreadable(f"it can't be decoded ({error})") from error
        shares = self.network(image[None].to(self.device))[0].softmax(0)
        score, label = (value.item() for value in shares.max(0))
        if not math.isfinite(score):
            raise Unreadable("the model's answer is no number")
        return Prediction(int(label), score, width, height)


def _upright(path: Path) -> tuple[Path, tuple[int, int]]:
    """As the training saw its images; where it had to be turned, another file."""
    with Image.open(path) as opened:
        opened.load()
        if opened.getexif().get(_ORIENTATION, 1) == 1:
            return path, opened.size
        turned = ImageOps.exif_transpose(opened)
    beside = path.with_name(f"{path.name}.upright.png")
    turned.convert("RGB").save(beside, "PNG", compress_level=1)
    return beside, turned.size


def load_classifier(found: Found, device: str) -> Classifier:
    """Throws a Problem that says what does not fit."""
    try:
        info = json.loads(found.info)
        classes = [str(name) for name in info["classes"]]
        shape = info["input"]
        channels, resolution = int(shape["channels"]), int(shape["height"])
        digest = info["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise _misfit(
            found, f"whose {INFO} has classes, input and sha256", f"{type(error).__name__}: {error}"
        ) from error
    if shape.get("width") != resolution or channels not in (1, 3) or len(set(classes)) != len(classes) or not classes:
        raise _misfit(found, "of square images, of 1 or 3 channels and classes of different names", str(shape))
    if digest != found.sha256:
        raise _misfit(found, f"whose {WEIGHTS} is the one that its {INFO} names", found.sha256[:12])
    chosen = _device(device)
    network = make_network(channels, len(classes), resolution)
    try:
        network.load_state_dict(safetensors.torch.load(found.weights))
    except (RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:120]
        raise _misfit(found, "with the weights of the reference training's network", reason) from error
    return Classifier(network.eval().to(chosen), classes, channels, resolution, chosen)


def _device(asked: str) -> torch.device:
    if asked == "cuda" and not torch.cuda.is_available():
        raise cannot("predict", "DEVICE", "cpu where torch sees no CUDA device", asked)
    return torch.device("cuda" if asked != "cpu" and torch.cuda.is_available() else "cpu")


def _misfit(found: Found, rule: str, value: str) -> Problem:
    return cannot("predict", "model", f"one {rule}", f"{found.source} ({value})")

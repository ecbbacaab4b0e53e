"""What the training wrote of its model: how to feed it, and what it can answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from problem import Problem, cannot

from registry import INFO, WEIGHTS, Found


@dataclass(frozen=True)
class Description:
    classes: Sequence[str]
    channels: int
    #: Pixels a side.
    resolution: int


def describe(found: Found) -> Description:
    """Throws a Problem that says what does not fit."""
    try:
        info = json.loads(found.info)
        shape, digest = info["input"], info["sha256"]
        described = Description([str(name) for name in info["classes"]], int(shape["channels"]), int(shape["height"]))
        width = int(shape["width"])
    except (ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise misfit(found, f"whose {INFO} has classes, input and sha256", reason) from error
    if digest != found.sha256:
        raise misfit(found, f"whose {WEIGHTS} is the one that its {INFO} names", found.sha256[:12])
    if width != described.resolution or described.channels not in (1, 3):
        raise misfit(found, "of square images of 1 or 3 channels", str(shape))
    if not described.classes or len(set(described.classes)) < len(described.classes):
        raise misfit(found, "with classes of different names", ", ".join(described.classes))
    return described


def misfit(found: Found, rule: str, value: str) -> Problem:
    return cannot("predict", "model", f"one {rule}", f"{found.source} ({value})")

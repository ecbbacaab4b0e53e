"""A data set on local disk: which images there are, of which classes, and which of them are held back."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from images import Example
from problem import cannot
from progress import Progress
from settings import Settings

#: One of so many is held back for validation.
_HELD_BACK = 6


@dataclass(frozen=True)
class Data:
    classes: tuple[str, ...]
    channels: int
    training: tuple[Example, ...]
    held_back: tuple[Example, ...]
    #: Names images and labels: a training is not resumed on others.
    digest: str


def stage_data(settings: Settings, root: Path, progress: Progress) -> Data:
    """Throws a Problem when there is nothing to train on."""
    if settings.dataset == "digits":
        from digits import stage_digits

        staged = stage_digits(root, progress)
    else:
        from labelled import stage_labelled

        staged = stage_labelled(settings, root, progress)
    return _divide(settings, root, *staged)


def _divide(settings: Settings, root: Path, classes: Sequence[str], channels: int, examples: Sequence[Example]) -> Data:
    if len(examples) < _HELD_BACK:
        raise cannot(
            "train",
            "DATASET_ID",
            f"a data set of at least {_HELD_BACK} labelled images",
            f"{settings.dataset}, which has {len(examples)}",
        )
    digest = hashlib.sha256()
    for example in examples:
        digest.update(f"{Path(example.path).relative_to(root)} {example.label}\n".encode())
        digest.update(Path(example.path).read_bytes())
    held_back = tuple(example for at, example in enumerate(examples) if at % _HELD_BACK == 0)
    training = tuple(example for at, example in enumerate(examples) if at % _HELD_BACK != 0)
    return Data(tuple(classes), channels, training, held_back, digest.hexdigest())


def images_of_an_epoch(settings: Settings, available: int) -> int:
    """Of all instances together; where more are asked for than there are, they are gone through again."""
    asked = settings.images_per_node * settings.instance_count or available
    least = settings.batch_size * settings.instance_count
    if asked < least:
        value = f"{settings.batch_size} for each of {settings.instance_count}, with {asked} images to train on"
        raise cannot("train", "BATCH_SIZE", "at most the images of an epoch", value)
    return asked

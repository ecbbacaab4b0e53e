"""
The labelled boxes of an image: `<image>.boxes.json` beside it, as Stage 1 writes them, or the YOLO layout:
`images/a/x.jpg` has `labels/a/x.txt` beside `images`, and `x.jpg` has `labels/x.txt` beside itself.
`classes.txt`, beside `labels`, names the classes.
"""

import json
import posixpath
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bucket import Bucket


@dataclass(frozen=True)
class Box:
    """In pixels of the upright image."""

    label: str
    x: float
    y: float
    width: float
    height: float


class _Share(NamedTuple):
    """Of the image: the middle, and the sides."""

    label: str
    x: float
    y: float
    width: float
    height: float


class Unusable(Exception):
    """Why an image is left out."""


#: The boxes, once it is known how large the image is.
Boxes = Callable[[tuple[int, int]], Sequence[Box]]


@dataclass(frozen=True)
class Labels:
    bucket: Bucket
    keys: Collection[str]

    def of(self, key: str) -> Boxes:
        """Throws Unusable when there are none, or what is there can't be read."""
        root, inside = _yolo_place(key)
        yolo = posixpath.join(root, "labels", inside)
        try:
            if f"{key}.boxes.json" in self.keys:
                boxes = [Box(**box) for box in json.loads(self.bucket.read(f"{key}.boxes.json"))]
                return lambda _size: boxes
            if yolo in self.keys:
                lines = [line.split() for line in self.bucket.read(yolo).decode().splitlines() if line.strip()]
                classes = self._classes(posixpath.join(root, "classes.txt"))
                shares = [_Share(classes.get(int(line[0]), line[0]), *map(float, line[1:])) for line in lines]
                return lambda size: [_box(share, size) for share in shares]
        except (ValueError, TypeError, IndexError) as error:
            raise Unusable(f"its labels can't be read ({error})") from error
        raise Unusable("it has no labels")

    def _classes(self, key: str) -> dict[int, str]:
        return dict(enumerate(self.bucket.read(key).decode().split("\n"))) if key in self.keys else {}


def find_labels(bucket: Bucket, keys: Sequence[str]) -> Labels:
    return Labels(bucket, frozenset(keys))


def _yolo_place(key: str) -> tuple[str, str]:
    """The folder that holds `labels`, and where in `labels` the image's file is."""
    folder, name = posixpath.split(key)
    parts = folder.split("/")
    text = posixpath.splitext(name)[0] + ".txt"
    if "images" not in parts:
        return folder, text
    at = len(parts) - 1 - parts[::-1].index("images")
    return "/".join(parts[:at]), "/".join([*parts[at + 1 :], text])


def _box(share: _Share, size: tuple[int, int]) -> Box:
    label, x, y, width, height = share
    return Box(label.strip(), (x - width / 2) * size[0], (y - height / 2) * size[1], width * size[0], height * size[1])

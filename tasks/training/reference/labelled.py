"""Images with labelled boxes from S3: each box is an example of its class."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps

from bucket import Bucket, open_bucket
from images import Example
from labels import Box, Unusable, find_labels
from nvme import put
from problem import cannot
from progress import Progress
from settings import Settings

_EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp")
#: A box with a shorter side shows too little.
_LEAST_SIDE = 4


def stage_labelled(settings: Settings, root: Path, progress: Progress) -> tuple[list[str], int, list[Example]]:
    """Fetches what is under TRAINING_PREFIX. An image that can't be read, or has no labels, is named and left out."""
    bucket = open_bucket(settings)
    keys = bucket.keys()
    pictures = [key for key in keys if key.lower().endswith(_EXTENSIONS)]
    if not pictures:
        raise cannot("train", "TRAINING_PREFIX", "where there are images", bucket.uri(settings.prefix))
    labels = find_labels(bucket, keys)
    cut: list[tuple[Path, str]] = []
    for key in pictures:
        try:
            boxes = labels.of(key)
            image = _open(_fetch(bucket, key, root, progress))
            cut += _cut(image, boxes(image.size), root / "cache" / settings.dataset / _short(key))
        except Unusable as reason:
            progress.event("left out", uri=bucket.uri(key), reason=str(reason))
    if not cut:
        value = f"{bucket.uri(settings.prefix)} (images: {len(pictures)}, with labels that can be used: 0)"
        raise cannot("train", "TRAINING_PREFIX", "where images have labels", value)
    classes = sorted({label for _, label in cut})
    if len(classes) < 2:
        raise cannot(
            "train",
            "DATASET_ID",
            "a data set of two classes or more",
            f"{settings.dataset}, which has only {classes[0]}",
        )
    return classes, 3, [Example(str(path), classes.index(label)) for path, label in cut]


def _fetch(bucket: Bucket, key: str, root: Path, progress: Progress) -> Path:
    content = bucket.read(key)
    path = root / "input" / f"train-{_short(key)}{Path(key).suffix}"
    put(path, content)
    digest = hashlib.sha256(content).hexdigest()
    progress.log("staged", path=str(path), uri=bucket.uri(key), bytes=len(content), sha256=digest)
    return path


def _open(path: Path) -> Image.Image:
    """Upright, as its boxes are."""
    try:
        with Image.open(path) as opened:
            return ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise Unusable(f"it can't be decoded ({error})") from error


def _cut(image: Image.Image, boxes: Sequence[Box], folder: Path) -> list[tuple[Path, str]]:
    cut = []
    for at, box in enumerate(boxes):
        edges = (
            max(0, round(box.x)),
            max(0, round(box.y)),
            min(image.width, round(box.x + box.width)),
            min(image.height, round(box.y + box.height)),
        )
        if edges[2] - edges[0] < _LEAST_SIDE or edges[3] - edges[1] < _LEAST_SIDE:
            continue
        buffer = io.BytesIO()
        image.crop(edges).save(buffer, "PNG", compress_level=1)
        path = folder / f"{at}.png"
        put(path, buffer.getvalue())
        cut.append((path, box.label))
    return cut


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]

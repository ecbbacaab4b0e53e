"""One look at the images, and what is written about those that are new."""

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from nvme import put
from progress import Progress

from asked import Asked
from classifier import Classifier, Unreadable
from coco import Predicted, coco_document, images_named
from disk import check_room, staged_path
from metrics import Metrics
from prepared import Prepared
from store import Listed, Store, Trouble, uri
from told import ToldToStop

_IMAGE = re.compile(r"\.(jpe?g|png|webp|tiff?|gif|avif|hei[cf]|bmp)$", re.IGNORECASE)
#: A pass ends here at the latest, so that what a kill costs doesn't grow with the number that wait.
_MOST = 1000


@dataclass
class Passes:
    prepared: Prepared
    classifier: Classifier
    metrics: Metrics
    progress: Progress
    told: ToldToStop
    #: URI and ETag of the images that need no second look: they have a prediction, or can't be decoded.
    settled: set[tuple[str, str]] = field(default_factory=set)

    @property
    def _asked(self) -> Asked:
        return self.prepared.asked

    @property
    def _store(self) -> Store:
        return self.prepared.store

    def recall(self) -> None:
        """What earlier runs with the same model have written is not done again."""
        bucket = self._asked.output_bucket
        for listed in self._store.list(bucket, f"{self._asked.output_prefix}annotations/"):
            self.settled |= images_named(self._store.read(bucket, listed.key), self.prepared.found)

    def waiting(self) -> list[Listed]:
        """Throws what the store throws."""
        listed = self._store.list(self._asked.input_bucket, self._asked.input_prefix)
        return [one for one in listed if _IMAGE.search(one.key) and self._id(one) not in self.settled]

    def run(self, images: Sequence[Listed]) -> tuple[int, int]:
        """Of so many images, how many have a prediction now, and how many have not."""
        done, failed = 0, 0
        for first in range(0, len(images), _MOST):
            check_room(self._asked, self.prepared.root)
            predicted: list[Predicted] = []
            for image in images[first : first + _MOST]:
                if self.told.asked:
                    break
                one = self._predict(image)
                failed += one is None
                if one is not None:
                    predicted.append(one)
            self._write(predicted)
            done += len(predicted)
        return done, failed

    def _predict(self, image: Listed) -> Predicted | None:
        where, began = uri(self._asked.input_bucket, image.key), time.perf_counter()
        path = staged_path(self.prepared.root, image.key)
        try:
            self._stage(image, path)
            prediction = self.classifier.predict(path)
        except (Unreadable, OSError, *Trouble) as reason:
            self.metrics.count("error", time.perf_counter() - began)
            lasting = isinstance(reason, Unreadable)
            if lasting:
                self.settled.add(self._id(image))
            self.progress.event("failed", uri=where, reason=str(reason), again=not lasting)
            return None
        finally:
            for staged in path.parent.glob(f"{path.name}*"):
                staged.unlink()
        seconds = time.perf_counter() - began
        self.metrics.count("success", seconds)
        label = self.prepared.described.classes[prediction.label]
        self.progress.step(uri=where, label=label, score=prediction.score, seconds=seconds)
        return Predicted(image.key.removeprefix(self._asked.input_prefix), where, image.etag, prediction)

    def _stage(self, image: Listed, path: Path) -> None:
        content = self._store.read(self._asked.input_bucket, image.key)
        put(path, content)
        self._log("staged", path, uri(self._asked.input_bucket, image.key), content)

    def _write(self, predicted: Sequence[Predicted]) -> None:
        """What is for review goes first: once the output names an image, it is settled for good."""
        if not predicted:
            return
        unsure = [one for one in predicted if one.prediction.score <= self._asked.review_confidence]
        name = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%fZ.json")
        if unsure:
            self._upload(unsure, self._asked.hitl_bucket, f"{self._asked.output_prefix}review/{name}")
        self._upload(predicted, self._asked.output_bucket, f"{self._asked.output_prefix}annotations/{name}")
        self.settled |= {(one.uri, one.etag) for one in predicted}

    def _upload(self, predicted: Sequence[Predicted], bucket: str, key: str) -> None:
        content = coco_document(predicted, self.prepared.described.classes, self.prepared.found)
        path = self.prepared.root / "output" / key.rsplit("/", 2)[-2] / key.rsplit("/", 1)[-1]
        put(path, content)
        self._log("written", path, uri(bucket, key), content)
        self._store.write(bucket, key, content)
        self.progress.event("annotated", uri=uri(bucket, key), images=len(predicted))

    def _log(self, event: str, path: Path, where: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self.progress.log(event, path=str(path), uri=where, bytes=len(content), sha256=digest)

    def _id(self, image: Listed) -> tuple[str, str]:
        return uri(self._asked.input_bucket, image.key), image.etag

"""
Predictions as a COCO document. The model says what an image shows and not where, so that each box is the whole image.
What COCO has no word for is added: an annotation's `score`, an image's `etag`, and the model under `info`.
"""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass

from classifier import Prediction
from registry import Found


@dataclass(frozen=True)
class Predicted:
    #: The key without the prefix that images are read under.
    file_name: str
    uri: str
    etag: str
    prediction: Prediction


def model_facts(found: Found) -> dict[str, str]:
    return {"name": found.name, "version": found.version, "sha256": found.sha256}


def coco_document(predicted: Sequence[Predicted], classes: Sequence[str], found: Found) -> bytes:
    """Numbers begin with 1: there are readers to whom 0 is none."""
    made = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    info = {"description": "Predictions", "date_created": made, "model": model_facts(found)}
    document = {
        "info": info,
        "licenses": [],
        "images": [_image(number, one) for number, one in enumerate(predicted, 1)],
        "annotations": [_annotation(number, one.prediction) for number, one in enumerate(predicted, 1)],
        "categories": [{"id": number, "name": name, "supercategory": ""} for number, name in enumerate(classes, 1)],
    }
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def _image(number: int, one: Predicted) -> dict[str, object]:
    size = {"width": one.prediction.width, "height": one.prediction.height}
    return {"id": number, "file_name": one.file_name, **size, "coco_url": one.uri, "etag": one.etag}


def _annotation(number: int, prediction: Prediction) -> dict[str, object]:
    width, height = prediction.width, prediction.height
    return {
        "id": number,
        "image_id": number,
        "category_id": prediction.label + 1,
        "bbox": [0, 0, width, height],
        "area": width * height,
        "segmentation": [],
        "iscrowd": 0,
        "score": round(prediction.score, 6),
    }


def images_named(text: bytes, found: Found) -> set[tuple[str, str]]:
    """URI and ETag of what the same model was asked about in an earlier document; of anything else, nothing."""
    try:
        document = json.loads(text)
        if document["info"]["model"] != model_facts(found):
            return set()
        return {(image["coco_url"], image["etag"]) for image in document["images"]}
    except (ValueError, KeyError, TypeError):
        return set()

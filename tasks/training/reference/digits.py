"""scikit-learn's handwritten digits, put on local disk as images like any others."""

import io
import json
from pathlib import Path

from PIL import Image

from images import Example
from nvme import put
from progress import Progress

_MANIFEST = "manifest.json"


def stage_digits(root: Path, progress: Progress) -> tuple[list[str], int, list[Example]]:
    folder = root / "input" / "digits"
    names = _staged(folder) or _stage(folder, progress)
    examples = [Example(str(folder / name), int(name.split("/")[0])) for name in names]
    return [str(digit) for digit in range(10)], 1, examples


def _staged(folder: Path) -> list[str] | None:
    """The manifest is written last, so what it names is there, unless somebody took it away."""
    try:
        names: list[str] = json.loads((folder / _MANIFEST).read_text())["objects"]
    except (OSError, ValueError, KeyError):
        return None
    return names if all((folder / name).is_file() for name in names) else None


def _stage(folder: Path, progress: Progress) -> list[str]:
    from sklearn.datasets import load_digits

    pictures, labels = load_digits(return_X_y=True)
    names = []
    for at, (pixels, label) in enumerate(zip(pictures.reshape(-1, 8, 8), labels, strict=True)):
        name = f"{label}/{at:04}.png"
        buffer = io.BytesIO()
        # 17 levels of grey there.
        Image.fromarray((pixels * 15.9375).astype("uint8")).save(buffer, "PNG")
        put(folder / name, buffer.getvalue())
        names.append(name)
    put(folder / _MANIFEST, json.dumps({"dataset_id": "digits", "object_count": len(names), "objects": names}).encode())
    progress.log("staged", path=str(folder), images=len(names))
    return names

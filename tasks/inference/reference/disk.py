"""The inference's share of fast local disk: NVME_ROOT/{input,work,output,cache}."""

import hashlib
import shutil
from pathlib import Path

from problem import cannot

from asked import Asked


def open_disk(asked: Asked) -> Path:
    """Throws a Problem when the folder can't be written."""
    root = Path(asked.nvme_root).absolute()
    try:
        for name in ("input", "work", "output", "cache"):
            (root / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot("predict", "NVME_ROOT", "a folder that can be written", f"{root} ({error.strerror})") from error
    return root


def check_room(asked: Asked, root: Path) -> None:
    """Before each pass: what was free an hour ago may be full."""
    free = shutil.disk_usage(root).free
    if free < asked.nvme_min_gb * 1e9:
        rule = f"at most what is free under {root}, {free / 1e9:.1f} GB"
        following = "Free some, or point NVME_ROOT at a larger disk."
        raise cannot("predict", "NVME_MIN_GB", rule, f"{asked.nvme_min_gb:g}", following)


def staged_path(root: Path, key: str) -> Path:
    """A key may be longer than any file name."""
    name = hashlib.sha256(key.encode()).hexdigest()[:12]
    return root / "input" / f"infer-{name}{Path(key).suffix.lower()}"

"""The training's share of fast local disk: NVME_ROOT/{input,work,output,cache}."""

import os
import shutil
from pathlib import Path

from problem import cannot
from settings import Settings


def open_disk(settings: Settings) -> Path:
    """Throws a Problem when the folder can't be written, or has less free than was promised."""
    root = Path(settings.nvme_root).absolute()
    try:
        for name in ("input", "work", "output", "cache"):
            (root / name).mkdir(parents=True, exist_ok=True)
        Path(settings.out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot("train", "NVME_ROOT", "a folder that can be written", f"{root} ({error.strerror})") from error
    free = shutil.disk_usage(root).free
    if free < settings.nvme_min_gb * 1e9:
        rule = f"at most what is free under {root}, {free / 1e9:.1f} GB"
        raise cannot(
            "train", "NVME_MIN_GB", rule, f"{settings.nvme_min_gb:g}", "Free some, or point NVME_ROOT at a larger disk."
        )
    return root


def put(path: Path, content: bytes) -> None:
    """Whole or not at all, as far as other processes see; what a machine lost can be fetched again."""
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        value = f"{path.parent} ({error.strerror})"
        raise cannot("stage images", "NVME_ROOT", "a folder with room to write in", value) from error

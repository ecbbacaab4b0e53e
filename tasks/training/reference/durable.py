"""Folders that are there whole or not at all, whatever ends the machine."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

#: What begins the name of a folder that is not whole yet.
UNFINISHED = ".unfinished-"
#: What begins the name of a folder that another one took the place of.
_REPLACED = ".replaced-"


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes and syncs the files under another name, then renames the folder; what fails leaves nothing."""
    unfinished = folder.with_name(UNFINISHED + folder.name)
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        for name, content in files.items():
            write_synced(unfinished / name, content)
        _sync_folder(unfinished)
        if folder.exists():
            replaced = folder.with_name(_REPLACED + folder.name)
            shutil.rmtree(replaced, ignore_errors=True)
            os.rename(folder, replaced)
        os.rename(unfinished, folder)
        _sync_folder(folder.parent)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sweep(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """Replaces a file whole or not at all."""
    unfinished = path.with_name(f"{UNFINISHED}{path.name}")
    try:
        write_synced(unfinished, content)
        os.replace(unfinished, path)
        _sync_folder(path.parent)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Removes what earlier trainings were killed over."""
    for entry in folder.iterdir():
        if entry.name.startswith((UNFINISHED, _REPLACED)):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def write_synced(path: Path, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""All that predicting needs and that is found without loading torch: what is wrong with it is said in a second."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from asked import Asked, read_asked
from description import Description, describe
from disk import open_disk
from registry import Found, find_model
from store import Store, open_store


@dataclass(frozen=True)
class Prepared:
    asked: Asked
    #: Of fast local disk.
    root: Path
    store: Store
    found: Found
    described: Description


def prepare(env: Mapping[str, str]) -> Prepared:
    """Throws a Problem that says what is missing or does not fit."""
    asked = read_asked(env)
    root, store, found = open_disk(asked), open_store(asked), find_model(asked, env)
    return Prepared(asked, root, store, found, describe(found))

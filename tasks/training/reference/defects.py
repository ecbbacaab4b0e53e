"""Defects on purpose, by ASSAY_DEFECT, so that a test of resuming can prove that it would see each of them."""

import os

KNOWN = (
    "skip-model",
    "skip-batchnorm",
    "skip-optimizer",
    "skip-scheduler",
    "skip-sampler",
    "skip-scaler",
    "skip-rng",
    "validation-trains",
    "tear-checkpoints",
)


def planted(defect: str) -> bool:
    return defect in os.environ.get("ASSAY_DEFECT", "").split(",")


def unknown() -> list[str]:
    return [word for word in os.environ.get("ASSAY_DEFECT", "").split(",") if word and word not in KNOWN]

"""What a training is told, by flag or by variable; the flag wins."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from problem import cannot


@dataclass(frozen=True)
class Settings:
    epochs: int
    images_per_node: int
    instance_count: int
    instance_type: str
    bucket: str
    prefix: str
    dataset: str
    nvme_root: str
    nvme_min_gb: float
    out: str
    batch_size: int
    learning_rate: float
    resolution: int
    steps: int
    checkpoint_every: int
    keep: int
    workers: int
    seed: int
    threads: int
    precision: str
    scaler_growth: int
    device: str
    resume: str
    validate: bool
    model_name: str


#: What the weights depend on, bit for bit: a training is not resumed with another value of any of these.
DECISIVE = (
    "epochs",
    "images_per_node",
    "instance_count",
    "dataset",
    "batch_size",
    "learning_rate",
    "resolution",
    "steps",
    "seed",
    "precision",
    "scaler_growth",
)


@dataclass(frozen=True)
class Option:
    variable: str
    default: str
    help: str
    choices: tuple[str, ...] = ()
    least: float | None = None


OPTIONS = {
    "epochs": Option("EPOCHS", "3", "times that every image is seen", least=1),
    "images_per_node": Option(
        "IMAGES_PER_NODE", "0", "images of an epoch for each instance; 0: what there is", least=0
    ),
    "instance_count": Option(
        "INSTANCE_COUNT", "1", "processes that train together; more than one by torchrun", least=1
    ),
    "instance_type": Option("INSTANCE_TYPE", "local", "what an instance is; only recorded"),
    "bucket": Option("TRAINING_BUCKET", "training", "bucket of the labelled images"),
    "prefix": Option("TRAINING_PREFIX", "", "what the keys of its images begin with"),
    "dataset": Option("DATASET_ID", "digits", "digits: scikit-learn's; any other: the labelled images of the bucket"),
    "nvme_root": Option("NVME_ROOT", ".assay/nvme", "folder on fast local disk"),
    "nvme_min_gb": Option("NVME_MIN_GB", "0.1", "gigabytes that must be free there", least=0),
    "out": Option("TRAINING_OUT", "", "folder of checkpoints and the model; NVME_ROOT/output/DATASET_ID when empty"),
    "batch_size": Option("BATCH_SIZE", "32", "images of a step for each instance", least=2),
    "learning_rate": Option("LEARNING_RATE", "0.003", "highest rate of the schedule", least=0),
    "resolution": Option("RESOLUTION", "16", "pixels a side that images are brought to", least=8),
    "steps": Option("STEPS", "0", "steps in all, in place of EPOCHS; 0: as EPOCHS says", least=0),
    "checkpoint_every": Option("CHECKPOINT_EVERY", "100", "steps from one checkpoint to the next", least=1),
    "keep": Option("KEEP_CHECKPOINTS", "3", "newest checkpoints that are kept", least=1),
    "workers": Option("WORKERS", "0", "processes that load images, for each instance", least=0),
    "seed": Option("SEED", "1", "the same seed gives the same training", least=0),
    "threads": Option("TORCH_THREADS", "1", "threads of each process; another number gives other weights", least=1),
    "precision": Option("PRECISION", "fp32", "what the network computes in", choices=("fp32", "bf16", "fp16")),
    "scaler_growth": Option(
        "SCALER_GROWTH", "200", "steps without overflow after which fp16 scales losses up", least=1
    ),
    "device": Option("DEVICE", "auto", "auto: CUDA where there is one", choices=("auto", "cpu", "cuda")),
    "resume": Option("RESUME", "", "latest, or the path of a checkpoint"),
    "validate": Option(
        "VALIDATE", "yes", "whether images held back are tried at each checkpoint", choices=("yes", "no")
    ),
    "model_name": Option("MODEL_NAME", "", "name that the model is registered by in MLflow; none when empty"),
}


def read_settings(arguments: Sequence[str], env: Mapping[str, str]) -> Settings:
    """Throws a Problem that names the first setting that is wrong, by its variable."""
    parser = argparse.ArgumentParser(prog="train.py", description="Stage 3: trains a small network on images.")
    for name, option in OPTIONS.items():
        flag = "--" + name.replace("_", "-")
        default = f"; {option.default}" if option.default else ""
        help = f"{option.help} (${option.variable}{default})"
        if name == "resume":
            parser.add_argument(flag, nargs="?", const="latest", help=help)
        else:
            parser.add_argument(flag, help=help)
    given = vars(parser.parse_args(arguments))
    values: dict[str, object] = {}
    for field in fields(Settings):
        option = OPTIONS[field.name]
        flagged = given[field.name]
        text = flagged if flagged is not None else env.get(option.variable) or option.default
        values[field.name] = _parse(option, field.type, text)
    if values["out"] == "":
        values["out"] = os.path.join(str(values["nvme_root"]), "output", str(values["dataset"]))
    return Settings(**values)  # type: ignore[arg-type]


def _parse(option: Option, kind: object, text: str) -> object:
    if option.choices and text not in option.choices:
        raise cannot("train", option.variable, f"one of {', '.join(option.choices)}", text)
    if kind is bool:
        return text == "yes"
    if kind is str:
        return text
    word = "a whole number" if kind is int else "a number"
    rule = f"{word} from {option.least:g}"
    try:
        number = int(text) if kind is int else float(text)
    except ValueError:
        raise cannot("train", option.variable, rule, text) from None
    if not (option.least is None or option.least <= number < float("inf")):
        raise cannot("train", option.variable, rule, text)
    return number

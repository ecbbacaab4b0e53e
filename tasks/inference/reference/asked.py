"""What the inference is told, all of it by variables of its environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from problem import cannot


@dataclass(frozen=True)
class Asked:
    input_bucket: str
    input_prefix: str
    hitl_bucket: str
    output_bucket: str
    output_prefix: str
    model_name: str
    #: Of a folder that a training left; wins over the registry.
    model_path: str
    metrics_port: int
    mode: str
    poll_interval: float
    nvme_root: str
    nvme_min_gb: float
    #: Predictions that are no surer than this are for review. 1: all of them.
    review_confidence: float
    device: str
    threads: int


def read_asked(env: Mapping[str, str]) -> Asked:
    """Throws a Problem that names the first variable that is wrong."""

    def word(name: str, default: str) -> str:
        return env.get(name) or default

    def number(name: str, default: str, least: float, most: float = float("inf")) -> float:
        text = word(name, default)
        rule = f"a number from {least:g}" if most == float("inf") else f"a number from {least:g} to {most:g}"
        try:
            value = float(text)
        except ValueError:
            raise cannot("predict", name, rule, text) from None
        if not (least <= value <= most) or value == float("inf"):
            raise cannot("predict", name, rule, text)
        return value

    def whole(name: str, default: str, least: int, most: int) -> int:
        value = number(name, default, least, most)
        if value != int(value):
            raise cannot("predict", name, f"a whole number from {least} to {most}", word(name, default))
        return int(value)

    def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
        value = word(name, default)
        if value not in choices:
            raise cannot("predict", name, f"one of {', '.join(choices)}", value)
        return value

    asked = Asked(
        input_bucket=word("INFERENCE_INPUT_BUCKET", "inference-input"),
        input_prefix=word("INPUT_PREFIX", ""),
        hitl_bucket=word("HITL_BUCKET", "hitl"),
        output_bucket=word("OUTPUT_BUCKET", "output"),
        output_prefix=word("OUTPUT_PREFIX", ""),
        model_name=word("MODEL_NAME", ""),
        model_path=word("MODEL_PATH", ""),
        metrics_port=whole("METRICS_PORT", "0", 0, 65535),
        mode=choice("MODE", "once", ("once", "poll")),
        poll_interval=number("POLL_INTERVAL", "5", 0.01),
        nvme_root=word("NVME_ROOT", ".assay/nvme"),
        nvme_min_gb=number("NVME_MIN_GB", "0.1", 0),
        review_confidence=number("REVIEW_CONFIDENCE", "0.9", 0, 1),
        device=choice("DEVICE", "auto", ("auto", "cpu", "cuda")),
        threads=whole("TORCH_THREADS", "1", 1, 1024),
    )
    if not asked.model_name and not asked.model_path:
        raise cannot("predict", "MODEL_NAME", "the name of a registered model", "", "Or give a folder as MODEL_PATH.")
    return asked

"""The device that everything is done on, and what it says of itself."""

import platform
import sys
from pathlib import Path

from refusals import refused


def open_device(wanted: str):
    """The device of torch called `cuda` or `cpu`. Throws where there is none; loads torch, which takes seconds."""
    if wanted not in ("cuda", "cpu"):
        raise refused("device", "cuda or cpu", wanted)
    try:
        import torch
    except ImportError as error:
        raise refused("torch", "installed", error) from None
    if wanted == "cpu":
        # More than one thread of a busy machine wait for each other.
        torch.set_num_threads(1)
        return torch.device("cpu")
    try:
        torch.cuda.init()
        torch.cuda.synchronize()
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        raise refused("device", "a CUDA device that torch finds", f"none ({reason})") from None
    return torch.device("cuda", torch.cuda.current_device())


def facts(device) -> dict[str, object]:
    """As a WebGPU adapter's facts are told, so that rows can stand side by side."""
    import torch

    common = {"features": [], "limits": {}, "matrices": []}
    if device.type == "cpu":
        return {
            **common,
            "name": f"{platform.machine()} by torch",
            "kind": "software",
            "vendor": "",
            "architecture": torch.backends.cpu.get_cpu_capability(),
            "driver": f"torch {torch.__version__}",
            "backend": "torch-cpu",
            "subgroups": {"least": 0, "most": 0},
        }
    has = torch.cuda.get_device_properties(device)
    # Older ones of torch do not tell.
    uuid = getattr(has, "uuid", None)
    return {
        **common,
        **({} if uuid is None else {"uuid": str(uuid)}),
        "name": has.name,
        "kind": "hardware",
        "vendor": "amd" if torch.version.hip else "nvidia",
        "architecture": f"sm_{has.major}{has.minor}",
        "driver": f"{driver_version()}, CUDA {torch.version.cuda}, torch {torch.__version__}",
        "backend": "cuda",
        "limits": {"memory": has.total_memory, "multiprocessors": has.multi_processor_count},
        "subgroups": {"least": has.warp_size, "most": has.warp_size},
    }


def driver_version() -> str:
    try:
        words = Path("/proc/driver/nvidia/version").read_text().split()
    except OSError:
        return "driver not known"
    return next((word for word in words if word[0].isdigit() and "." in word), "driver not known")


def is_out_of_memory(error: BaseException) -> bool:
    """CUDA has an error of its own for it; that of the host is told by its words."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    said = ("can't allocate memory", "not enough memory", "bad_alloc", "out of memory", "OUT_OF_MEMORY", "ALLOC_FAILED")
    return isinstance(error, RuntimeError) and any(words in str(error) for words in said)


def is_lost(error: BaseException) -> bool:
    """After an error of the device itself everything that this process asks of it fails in the same way."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(error, torch.AcceleratorError) and not is_out_of_memory(error)


def memory(device) -> dict[str, int]:
    """Bytes: what torch holds of the device, and what the whole card has free."""
    import torch

    if device.type == "cpu":
        return {}
    free, total = torch.cuda.mem_get_info(device)
    stats = torch.cuda.memory_stats(device)
    return {
        "free": free,
        "total": total,
        "allocated": stats.get("allocated_bytes.all.current", 0),
        "peak": stats.get("allocated_bytes.all.peak", 0),
        "reserved": stats.get("reserved_bytes.all.current", 0),
        "retries": stats.get("num_alloc_retries", 0),
    }

"""Whether a training with so many images a step fits into the device's memory."""

import os
import resource
from pathlib import Path

from opened import is_out_of_memory, memory

#: What an optimiser keeps appears in the first step, and what its allocator has split shows in the next.
STEPS = 3
CLASSES = 10


def try_batch(device, images: int, resolution: int, limit: int) -> dict[str, object]:
    """It may take `limit` bytes; 0: all there are. For a process of its own: what does not fit leaves fragments."""
    if limit > 0:
        keep_below(device, limit)
    try:
        train(device, images, resolution)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return {"fits": "no", "why": str(error).strip().splitlines()[0][:200]}
    taken = memory(device)
    # It had to give back what it kept for later, in order to go on: a little more, and it would have ended.
    retries = taken.get("retries", 0)
    settings = os.environ.get("PYTORCH_CUDA_ALLOC_CONF", "")
    if retries:
        return {"fits": "badly", "why": f"{retries} allocations only fitted after others were given back", **taken}
    return {"fits": "yes", **taken, **({"allocator": settings} if settings else {})}


def train(device, images: int, resolution: int) -> None:
    import torch
    from network import make_network

    torch.manual_seed(1)
    network = make_network(3, CLASSES, resolution).to(device)
    optimizer = torch.optim.AdamW(network.parameters())
    pictures = torch.randn(images, 3, resolution, resolution, device=device)
    labels = torch.randint(CLASSES, (images,), device=device)
    for _ in range(STEPS):
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(network(pictures), labels).backward()
        optimizer.step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def keep_below(device, limit: int) -> None:
    if device.type == "cuda":
        import torch

        _free, total = torch.cuda.mem_get_info(device)
        torch.cuda.set_per_process_memory_fraction(min(1.0, limit / total), device)
        return
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + limit, hard))

"""The operations, by the names of the kernels in `benchmarks/gpu` that do the same, and with the same sizes."""

import arrays
import matrices
import transfers

OPERATIONS = {
    "stream-copy": arrays.copy,
    "stream-mul": arrays.mul,
    "stream-add": arrays.add,
    "stream-triad": arrays.triad,
    "stream-dot": arrays.dot,
    "reduce": arrays.reduction,
    "scan": arrays.scan,
    "gemm-f32": matrices.gemm_f32,
    "gemm-f16": matrices.gemm_f16,
    "gemm-f16-matrix": matrices.gemm_f16,
    "upload": transfers.upload,
    "download": transfers.download,
    "buffer-copy": transfers.device_copy,
    "latency-submit": transfers.launch,
    "latency-dispatch": transfers.launches,
    "latency-round-trip": transfers.round_trip,
}

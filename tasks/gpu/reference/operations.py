"""The operations by the names of their kernels in `benchmarks/gpu`."""

import arrays
import matrices
import transfers

OPERATIONS = {
    "copy": arrays.copy,
    "mul": arrays.mul,
    "add": arrays.add,
    "triad": arrays.triad,
    "dot": arrays.dot,
    "reduction": arrays.reduction,
    "scan": arrays.scan,
    "gemm-f32": matrices.gemm_f32,
    "gemm-f16": matrices.gemm_f16,
    "upload": transfers.upload,
    "download": transfers.download,
    "device-copy": transfers.device_copy,
    "launch": transfers.launch,
    "launches": transfers.launches,
}

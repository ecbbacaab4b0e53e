"""Stage 3 of the reference pipeline: trains a small network on images, and goes on bit for bit where it was ended."""

import os
import sys

from defects import KNOWN, unknown
from problem import Problem, cannot
from progress import Progress, progress_descriptor
from settings import read_settings
from stopping import StopRequest


def main() -> int:
    stop = StopRequest()
    rank = int(os.environ.get("RANK", "0"))
    progress = Progress(progress_descriptor(os.environ) if rank == 0 else None, rank)
    try:
        settings = read_settings(sys.argv[1:], os.environ)
        if unknown():
            raise cannot("train", "ASSAY_DEFECT", f"of {', '.join(KNOWN)}", ",".join(unknown()))
        # Only now: torch takes seconds to load, and what is wrong with the settings is said before.
        from run import run

        code = run(settings, stop, progress)
    except Problem as problem:
        progress.event("ended", how="refused", reason=str(problem), code=2)
        print(problem, file=sys.stderr)
        return 2
    except Exception as error:
        progress.event("ended", how="failed", reason=f"{type(error).__name__}: {error}", code=1)
        raise
    progress.event("ended", how="stopped" if stop.asked and code != 0 else "finished", code=code)
    return code


if __name__ == "__main__":
    sys.exit(main())

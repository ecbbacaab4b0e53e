"""Stage 4 of the reference pipeline: says of each image what the newest registered model sees in it."""

import os
import sys
from pathlib import Path

# The training's network and what it reads images by are the model's too; ours come first, what is installed after both.
sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "training" / "reference"))

from problem import Problem
from progress import Progress, progress_descriptor

from prepared import prepare
from told import ToldToStop


def main() -> int:
    told = ToldToStop()
    progress = Progress(progress_descriptor(os.environ), 0)
    try:
        prepared = prepare(os.environ)
        # Only now: torch takes seconds to load.
        from serve import serve

        code = serve(prepared, told, progress)
    except Problem as problem:
        progress.event("ended", how="refused", reason=str(problem), code=2)
        print(problem, file=sys.stderr)
        return 2
    except Exception as error:
        progress.event("ended", how="failed", reason=f"{type(error).__name__}: {error}", code=1)
        raise
    progress.event("ended", how="stopped" if told.asked else "finished", code=code)
    return code


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # All is written. To take torch apart would go on for seconds where the machine is busy, and look like a deaf ear.
    os._exit(code)

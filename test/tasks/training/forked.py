"""
Runs trainings one after the other, each in a process forked from this one, which has loaded torch once: to load it takes longer than
such a training. Reads them from standard input, a JSON list of {"env", "progress", "file_limit"?, "ranks"?}, and prints one line for
each: its exit code, 0 or the first one of its ranks that is none.
"""

import json
import os
import resource
import sys

sys.path.insert(0, sys.argv[1])

import run  # noqa: E402, F401
import train  # noqa: E402


def fork(job: dict, rank: int, ranks: int) -> int:
    child = os.fork()
    if child != 0:
        return child
    code = 70
    try:
        os.environ.update(job["env"])
        if ranks > 1:
            os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(ranks), LOCAL_WORLD_SIZE=str(ranks))
        if "file_limit" in job:
            # What it logs goes to a file too, which has more already.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_limit"], job["file_limit"]))
        if rank == 0:
            os.dup2(os.open(job["progress"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 3)
            os.environ["PROGRESS_FD"] = "3"
        sys.argv = ["train.py"]
        code = train.main()
    finally:
        sys.stderr.flush()
        os._exit(code)


for job in json.load(sys.stdin):
    ranks = job.get("ranks", 1)
    children = [fork(job, rank, ranks) for rank in range(ranks)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    print(next((code for code in codes if code != 0), 0), flush=True)

"""What it says when it can't do what it is asked for."""

from problem import Problem, cannot

ACTION = "measure by PyTorch"


class WrongResult(Problem):
    """What it computed is not what it should be: its time says nothing."""


def refused(what: str, rule: str, value: object) -> Problem:
    return cannot(ACTION, what, rule, value)

"""Errors that a person can mend: one sentence, never a stack."""


class Problem(Exception):
    """Shown as its sentence; the training then ends with 2, since it was asked for something it can't do."""


def cannot(action: str, what: str, rule: str, value: object, following: str = "") -> Problem:
    shown = str(value) or "empty"
    sentence = f"Cannot {action} as '{what}' must be {rule}: current value is {shown[:200]}"
    return Problem(f"{sentence}. {following}" if following else sentence)

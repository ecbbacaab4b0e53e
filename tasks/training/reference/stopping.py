"""SIGTERM and SIGINT ask the training to stop after the step it is at; the first of them decides the exit code."""

import signal
from types import FrameType


class StopRequest:
    def __init__(self) -> None:
        self.signal: int | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._heard)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        # One Ctrl-C may come twice, from the terminal and from whoever started us.
        self.signal = self.signal or number

    @property
    def asked(self) -> bool:
        return self.signal is not None

    @property
    def code(self) -> int:
        return 128 + (self.signal or 0)


def loader_ignores_signals(_worker: int) -> None:
    """The whole group is signalled, and the trainer still needs those that load its images: it ends them itself."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

"""SIGTERM and SIGINT let it finish the image that it is at, and end a pause at once."""

import os
import select
import signal

from stopping import StopRequest


class ToldToStop(StopRequest):
    def __init__(self) -> None:
        super().__init__()
        self._ear, mouth = os.pipe()
        os.set_blocking(mouth, False)
        signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)

    def pause(self, seconds: float) -> None:
        if not self.asked:
            select.select([self._ear], [], [], seconds)

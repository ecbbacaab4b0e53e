"""What one sitting of a training is about: the same for all its parts, whatever step it is at."""

from dataclasses import dataclass

from data import Data
from progress import Progress
from settings import Settings
from stopping import StopRequest
from together import Team
from tracking import Tracking


@dataclass(frozen=True)
class Job:
    settings: Settings
    data: Data
    #: Steps of the whole training.
    total: int
    team: Team
    progress: Progress
    tracking: Tracking
    stop: StopRequest

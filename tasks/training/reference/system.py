"""What the machine does meanwhile, by the names that MLflow gives it; nothing where there is no /proc."""


class System:
    def __init__(self) -> None:
        self._before = _jiffies()

    def metrics(self) -> dict[str, float]:
        """Of all cores since it was asked last, and of memory now."""
        now = _jiffies()
        found: dict[str, float] = {}
        if self._before and now and now[1] > self._before[1]:
            busy = (now[0] - self._before[0]) / (now[1] - self._before[1])
            found["system/cpu_utilization_percentage"] = 100 * max(0.0, min(1.0, busy))
        self._before = now
        memory = _memory()
        if memory:
            total, free = memory
            found["system/system_memory_usage_megabytes"] = (total - free) / 1e3
            found["system/system_memory_usage_percentage"] = 100 * (total - free) / total
        return found


def _jiffies() -> tuple[int, int] | None:
    """Busy ones, and all."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            numbers = [int(word) for word in file.readline().split()[1:9]]
    except OSError:
        return None
    return sum(numbers) - numbers[3] - numbers[4], sum(numbers)


def _memory() -> tuple[int, int] | None:
    """All there is and what could be had, in kilobytes."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = {line.split(":")[0]: int(line.split()[1]) for line in file}
        return lines["MemTotal"], lines["MemAvailable"]
    except (OSError, KeyError):
        return None

"""A small network that has what makes resuming hard: running statistics, and noise of its own."""

from torch import nn


def make_network(channels: int, classes: int, resolution: int) -> nn.Module:
    def block(inward: int, outward: int) -> list[nn.Module]:
        convolution = nn.Conv2d(inward, outward, kernel_size=3, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(outward), nn.ReLU(), nn.MaxPool2d(2)]

    # To 2 × 2 places, whatever the resolution. Adaptive pooling would do so too, but not repeatably on CUDA.
    half = resolution // 8
    pool = nn.AvgPool2d(kernel_size=resolution // 4 - half, stride=half)
    head = [pool, nn.Flatten(), nn.Dropout(0.25), nn.Linear(4 * 32, classes)]
    return nn.Sequential(*block(channels, 16), *block(16, 32), *head)

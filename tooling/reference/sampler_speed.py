"""Times PyTorch's eager mode on what packages/samplers/test/speed.ts times: 50 Heun steps of a perceptron in the plane.

python tooling/reference/sampler_speed.py [threads]
"""

import sys
import time

import torch

torch.set_grad_enabled(False)
torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
layers = []
for a, b in [(3, 64), (64, 64), (64, 64), (64, 2)]:
    layers += [torch.nn.Linear(a, b), torch.nn.SiLU()]
model = torch.nn.Sequential(*layers[:-1])


def velocity(x, t):
    return model(torch.cat([x, torch.full((len(x), 1), t)], 1))


def sample(count, steps=50):
    x = torch.randn(count, 2)
    for i in range(steps):
        t, s = 1 - i / steps, 1 - (i + 1) / steps
        first = velocity(x, t)
        if s > 0:
            first = 0.5 * (first + velocity(x + (s - t) * first, s))
        x = x + (s - t) * first
    return x


for count in (256, 10_000):
    times = []
    for _ in range(12):
        start = time.perf_counter()
        sample(count)
        times.append(time.perf_counter() - start)
    times = sorted(times[2:])
    print(f"torch eager, {count} points: {1e3 * times[5]:.1f} ms (least {1e3 * times[0]:.1f})")

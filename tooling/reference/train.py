"""Reference optimizer steps for packages/train: PyTorch's own, and Lion written out from its paper in float64.

Every optimizer starts from the same parameters and gets the same 50 gradients, so only its own arithmetic shows.
Run: python tooling/reference/train.py
"""

import json
from pathlib import Path

import numpy as np
import torch

OUT = Path(__file__).parents[2] / "packages/train/test/fixtures/optimizers.json"
STEPS = 50
SHAPES = {"weight": (3, 2), "bias": (2,), "gain": ()}

rng = np.random.default_rng(0)
start = {name: rng.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}
# Sizes differ by orders of magnitude, and some gradients are exactly zero.
gradients = [
    {
        name: np.float32(rng.normal(size=shape) * 10 ** rng.uniform(-3, 1)) * np.float32(rng.random(shape) > 0.1)
        for name, shape in SHAPES.items()
    }
    for _ in range(STEPS)
]


def flat(tensors):
    return [float(np.float32(x)) for name in SHAPES for x in np.asarray(tensors[name]).reshape(-1)]


def with_torch(make, clip=None, schedule=None):
    """The parameters after each step; `make` takes (decaying parameters, others)."""
    parameters = {name: torch.nn.Parameter(torch.tensor(value)) for name, value in start.items()}
    optimizer = make([parameters["weight"]], [parameters["bias"], parameters["gain"]])
    scheduler = schedule and schedule(optimizer)
    trace = []
    for step in range(STEPS):
        for name, parameter in parameters.items():
            parameter.grad = torch.tensor(gradients[step][name])
        if clip:
            torch.nn.utils.clip_grad_norm_(parameters.values(), clip)
        optimizer.step()
        if scheduler:
            scheduler.step()
        trace.append(flat({name: parameter.detach().numpy() for name, parameter in parameters.items()}))
    return trace


def lion(rate, decay, beta1=0.9, beta2=0.99):
    """Chen et al. 2023, algorithm 2."""
    theta = {name: value.astype(np.float64) for name, value in start.items()}
    mean = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    trace = []
    for gradient in gradients:
        for name, shape in SHAPES.items():
            g = gradient[name].astype(np.float64)
            direction = np.sign(beta1 * mean[name] + (1 - beta1) * g)
            rate_of_decay = decay if len(shape) >= 2 else 0
            theta[name] = theta[name] - rate * (direction + rate_of_decay * theta[name])
            mean[name] = beta2 * mean[name] + (1 - beta2) * g
        trace.append(flat(theta))
    return trace


optim = torch.optim
cases = {
    "adamw": with_torch(lambda a, b: optim.AdamW([{"params": a}, {"params": b, "weight_decay": 0}], lr=0.01, weight_decay=0.1)),
    "adamw, everything decays, other moments": with_torch(
        lambda a, b: optim.AdamW(a + b, lr=0.003, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.3)
    ),
    "adamw, clipped": with_torch(
        lambda a, b: optim.AdamW([{"params": a}, {"params": b, "weight_decay": 0}], lr=0.01, weight_decay=0.1), clip=1.0
    ),
    "adam": with_torch(lambda a, b: optim.Adam(a + b)),
    "adam, L2 penalty": with_torch(lambda a, b: optim.Adam(a + b, lr=0.01, weight_decay=0.1)),
    "adam, cosine": with_torch(
        lambda a, b: optim.Adam(a + b, lr=0.02),
        schedule=lambda o: optim.lr_scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.002),
    ),
    "sgd": with_torch(lambda a, b: optim.SGD(a + b, lr=0.01)),
    "sgd, momentum": with_torch(lambda a, b: optim.SGD(a + b, lr=0.01, momentum=0.9)),
    "sgd, nesterov, L2 penalty, clipped": with_torch(
        lambda a, b: optim.SGD(a + b, lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1), clip=2.0
    ),
    "lion": lion(0.001, 0.5),
}

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(
    json.dumps(
        {
            "torch": torch.__version__,
            "shapes": SHAPES,
            "start": flat(start),
            "gradients": [flat(gradient) for gradient in gradients],
            "cases": {name: [[float(f"{x:.9g}") for x in row] for row in trace] for name, trace in cases.items()},
        },
        separators=(",", ":"),
    )
    + "\n"
)

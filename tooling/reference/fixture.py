"""Fixtures of whole networks: weights, inputs, outputs, losses and gradients, computed in float64.

Numbers are float32 in base64, images channels-last. All numbers given to a network are exact in float32.
"""

import argparse
import base64
import json
from pathlib import Path

import torch

PACKAGES = Path(__file__).resolve().parents[2] / "packages"


def exact(t):
    return t.float().double()


def numbers(*shape, scale=1.0):
    return exact(torch.randn(*shape) * scale)


def image(n, height, width, channels):
    return numbers(n, channels, height, width)


def pack(t):
    t = t.detach().movedim(1, -1) if t.dim() == 4 else t.detach()
    kind = torch.float32 if t.is_floating_point() else torch.int32
    data = t.contiguous().to(kind).numpy().tobytes()
    return {"shape": list(t.shape), "dtype": str(kind)[6:], "data": base64.b64encode(data).decode()}


def raw(t):
    """In PyTorch's own layout, for weights."""
    data = t.detach().contiguous().float().numpy().tobytes()
    return {"shape": list(t.shape), "data": base64.b64encode(data).decode()}


def randomise(model):
    """Weights that hide nothing: no layer is zero, no norm is one."""
    with torch.no_grad():
        for p in model.parameters():
            fan = p[0].numel() if p.dim() > 1 else 10
            p.copy_(exact(torch.randn_like(p) / fan**0.5 + (1 if p.dim() == 1 else 0)))


def case(model, about, inputs, losses, outputs):
    """One network: `losses` and `outputs` are functions of it and the inputs; the gradients are those of the first loss."""
    model.double()
    randomise(model)
    weights = {k: raw(v) for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    with torch.no_grad():
        measured = {k: pack(v) for k, v in outputs(model, **inputs).items()}
    scalars = losses(model, **inputs)
    next(iter(scalars.values())).backward()
    return {
        **about,
        "weights": weights,
        "inputs": {k: pack(v) for k, v in inputs.items()},
        "outputs": measured,
        "losses": {k: v.item() for k, v in scalars.items()},
        "gradients": {k: raw(p.grad) for k, p in model.named_parameters() if p.grad is not None},
    }


def write(package, name, content):
    parser = argparse.ArgumentParser(description=f"Reference values of @gen/{package} from PyTorch.")
    parser.add_argument("--write", action="store_true", help="write the fixture")
    if not parser.parse_args().write:
        return parser.print_help()
    path = PACKAGES / package / "test/fixtures" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content) + "\n")
    print(f"{name}: {path.stat().st_size / 1000:.0f} kB")


torch.manual_seed(0)

"""Reference values and gradients of @gen/nn's layers, from PyTorch in float64.

Run: python tooling/reference/nn.py   (numpy, torch 2.4 or later)
Writes packages/nn/test/fixtures/*.json. Every case holds a module's state_dict in PyTorch's own layout, inputs,
output, and the gradients of sum(output * cotangent) with respect to the inputs and the parameters. Second
derivatives: the gradients, with respect to the same, of the sum of squares of those of the inputs; null where there
are none. Images are channels-last in the files. All numbers given to the module are exact in float32.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

OUT = Path(__file__).resolve().parents[2] / "packages/nn/test/fixtures"
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


def exact(t):
    return t.float().double()


def image(*shape, scale=1.0, shift=0.0):
    """A random image [n, h, w, c], given to the module as [n, c, h, w]."""
    t = exact(torch.randn(*shape) * scale + shift).permute(0, 3, 1, 2).contiguous()
    t.is_image = True
    return t


def numbers(*shape, scale=1.0, shift=0.0):
    return exact(torch.randn(*shape) * scale + shift)


def pack(t, as_image=False):
    t = t.detach()
    if as_image:
        t = t.permute(0, 2, 3, 1)
    a = t.contiguous().numpy()
    if a.dtype.kind == "i":
        return {"shape": list(a.shape), "data": a.ravel().tolist(), "dtype": "int32"}
    return {"shape": list(a.shape), "data": [float(str(x)) for x in a.astype(np.float32).ravel()]}


def case(name, module, inputs, forward=None, image_out=None):
    if isinstance(module, nn.Module):
        with torch.no_grad():
            for p in module.parameters():
                p.copy_(exact(torch.randn_like(p) * 0.5))
        state = {k: v for k, v in module.state_dict().items() if not k.endswith("num_batches_tracked")}
        trained = {k: p for k, p in module.named_parameters() if p.requires_grad}
    else:
        state, trained = {}, {}
    images = [getattr(x, "is_image", False) for x in inputs]
    inputs = [x.detach().requires_grad_(x.is_floating_point()) for x in inputs]
    output = (forward or (lambda m, *xs: m(*xs)))(module, *inputs)
    as_image = image_out if image_out is not None else output.dim() == 4
    cotangent = exact(torch.randn_like(output))
    moving = [x for x in inputs if x.requires_grad]
    asked = moving + list(trained.values())
    grads = torch.autograd.grad((output * cotangent).sum(), asked, create_graph=True)
    penalty = sum((g**2).sum() for g in grads[: len(moving)])
    second = [None] * len(asked)
    if moving and penalty.requires_grad:
        second = torch.autograd.grad(penalty, asked, allow_unused=True)
    kinds = [im for x, im in zip(inputs, images) if x.requires_grad] + [False] * len(trained)
    second = [g if g is None else pack(g, im) for g, im in zip(second, kinds)]
    by_input, second_by_input = iter(grads[: len(moving)]), iter(second)
    return {
        "name": name,
        "state": {k: pack(v) for k, v in state.items()},
        "inputs": [pack(x, im) for x, im in zip(inputs, images)],
        "output": pack(output, as_image),
        "cotangent": pack(cotangent, as_image),
        "inputGradients": [
            pack(next(by_input), im) if x.requires_grad else None for x, im in zip(inputs, images)
        ],
        "stateGradients": {k: pack(g) for k, g in zip(trained, grads[len(moving) :])},
        "inputSeconds": [next(second_by_input) if x.requires_grad else None for x in inputs],
        "stateSeconds": {k: g for k, g in zip(trained, second[len(moving) :]) if g},
    }


def write(name, *cases):
    path = OUT / f"{name}.json"
    path.write_text("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
    print(path.name, path.stat().st_size)


def modulated(norm, x, scale, shift):
    h = norm(x)
    spread = [len(scale), -1] + [1] * (h.dim() - 2) if h.dim() == 4 else [len(scale), 1, -1]
    return h * (1 + scale.reshape(spread)) + shift.reshape(spread)


class ResidualBlock(nn.Module):
    """ADM's block (use_scale_shift_norm, resblock_updown), with the names of diffusers' ResnetBlock2D."""

    def __init__(self, cin, cout, groups, embedding=None, resample=None):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, cin)
        self.conv1 = nn.Conv2d(cin, cout, 3, padding=1)
        if embedding:
            self.time_emb_proj = nn.Linear(embedding, 2 * cout)
        self.norm2 = nn.GroupNorm(groups, cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1)
        if cin != cout:
            self.conv_shortcut = nn.Conv2d(cin, cout, 1)
        self.resample = {
            "up": lambda x: F.interpolate(x, scale_factor=2, mode="nearest"),
            "down": lambda x: F.avg_pool2d(x, 2),
            None: lambda x: x,
        }[resample]

    def forward(self, x, embedding=None):
        h = self.conv1(self.resample(F.silu(self.norm1(x))))
        h = self.norm2(h)
        if embedding is not None:
            scale, shift = self.time_emb_proj(F.silu(embedding))[:, :, None, None].chunk(2, dim=1)
            h = h * (1 + scale) + shift
        h = self.conv2(F.silu(h))
        x = self.resample(x)
        return (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x) + h


class AttentionBlock(nn.Module):
    def __init__(self, channels, groups, heads):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.attention = nn.MultiheadAttention(channels, heads, batch_first=True)

    def forward(self, x):
        h = self.norm(x).flatten(2).transpose(1, 2)
        h = self.attention(h, h, h)[0]
        return x + h.transpose(1, 2).reshape(x.shape)


def named(**modules):
    m = nn.Module()
    for k, v in modules.items():
        m.add_module(k, v)
    return m


def sinusoidal(t, features, max_period=10000):
    half = features // 2
    f = torch.exp(-math.log(max_period) * torch.arange(half) / half).float().double()
    a = t[:, None] * f
    return torch.cat([torch.cos(a), torch.sin(a)], 1)


class Fourier(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("weight", exact(torch.randn(features // 2)))

    def forward(self, t):
        a = 2 * math.pi * t[:, None] * self.weight
        return torch.cat([torch.sin(a), torch.cos(a)], 1)


def time_embedding(m, t):
    return m.linear_2(F.silu(m.linear_1(sinusoidal(t, m.linear_1.in_features))))


def attend(m, x, context=None, mask=None):
    context = x if context is None else context
    return m(x, context, context, attn_mask=mask)[0]


def patches(m, x):
    return m.proj(x).flatten(2).transpose(1, 2)


def grid_positions(features, rows, columns):
    """The two axes' embeddings as in MAE's get_2d_sincos_pos_embed: of the column, then of the row."""
    omega = 1.0 / 10000 ** (np.arange(features // 4) / (features / 4))

    def one(p):
        a = np.outer(p.ravel(), omega)
        return np.concatenate([np.sin(a), np.cos(a)], 1)

    column, row = np.meshgrid(np.arange(columns), np.arange(rows))
    return torch.from_numpy(np.concatenate([one(column), one(row)], 1))


OUT.mkdir(parents=True, exist_ok=True)
write(
    "linear",
    case("Linear", nn.Linear(5, 7), [numbers(2, 3, 5)]),
    case("Linear without bias", nn.Linear(5, 3, bias=False), [numbers(4, 5)]),
    case(
        "Mlp",
        named(fc1=nn.Linear(5, 8), fc2=nn.Linear(8, 5)),
        [numbers(2, 3, 5)],
        lambda m, x: m.fc2(F.gelu(m.fc1(x))),
    ),
)
write(
    "convolution",
    case("Conv2d 3", nn.Conv2d(3, 4, 3, padding=1), [image(2, 5, 6, 3)]),
    case("Conv2d 3 stride 2", nn.Conv2d(3, 4, 3, stride=2, padding=1), [image(2, 6, 5, 3)]),
    case("Conv2d 4 stride 2", nn.Conv2d(3, 4, 4, stride=2, padding=1), [image(2, 6, 6, 3)]),
    case("Conv2d 3 padding 0 without bias", nn.Conv2d(2, 3, 3, bias=False), [image(1, 5, 5, 2)]),
    case("Conv2d 1", nn.Conv2d(3, 5, 1), [image(2, 3, 4, 3)]),
    case("ConvTranspose2d 4 stride 2", nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1), [image(2, 3, 4, 3)]),
    case(
        "ConvTranspose2d 3 stride 2 output padding 1",
        nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=1),
        [image(2, 3, 3, 3)],
    ),
    case("ConvTranspose2d 2 without bias", nn.ConvTranspose2d(2, 3, 2, bias=False), [image(1, 3, 4, 2)]),
    case("PatchEmbedding", named(proj=nn.Conv2d(3, 8, 2, stride=2)), [image(2, 4, 6, 3)], patches),
)
write(
    "norms",
    case("GroupNorm", nn.GroupNorm(3, 12), [image(2, 4, 5, 12, scale=2, shift=1)]),
    case("GroupNorm without affine", nn.GroupNorm(2, 4, affine=False), [image(2, 3, 3, 4)]),
    case(
        "GroupNorm modulated",
        nn.GroupNorm(2, 8),
        [image(2, 3, 4, 8, shift=-2), numbers(2, 8), numbers(2, 8)],
        modulated,
    ),
    case(
        "GroupNorm without affine modulated",
        nn.GroupNorm(2, 4, eps=1e-3, affine=False),
        [image(2, 3, 3, 4), numbers(2, 4), numbers(2, 4)],
        modulated,
    ),
    case("LayerNorm", nn.LayerNorm(6), [numbers(2, 3, 6, scale=2, shift=1)]),
    case(
        "LayerNorm modulated",
        nn.LayerNorm(6),
        [numbers(2, 5, 6), numbers(2, 6), numbers(2, 6)],
        modulated,
    ),
    case(
        "LayerNorm without affine modulated",
        nn.LayerNorm(6, eps=1e-6, elementwise_affine=False),
        [numbers(2, 5, 6), numbers(2, 6), numbers(2, 6)],
        modulated,
    ),
    case("RMSNorm", nn.RMSNorm(6, eps=2**-23), [numbers(2, 3, 6, shift=0.5)]),
)
write(
    "elementwise",
    case("silu", None, [numbers(64, scale=3)], lambda _, x: F.silu(x)),
    case("gelu", None, [numbers(64, scale=2)], lambda _, x: F.gelu(x)),
    case("geluTanh", None, [numbers(64, scale=2)], lambda _, x: F.gelu(x, approximate="tanh")),
    case("upsampleNearest", nn.Upsample(scale_factor=2, mode="nearest"), [image(2, 3, 4, 3)]),
    case("averagePool", nn.AvgPool2d(2), [image(2, 4, 6, 3)]),
)
write(
    "attention",
    case(
        "attention",
        None,
        [numbers(2, 3, 4, 5), numbers(2, 3, 6, 5), numbers(2, 3, 6, 7)],
        lambda _, q, k, v: F.scaled_dot_product_attention(q, k, v),
        image_out=False,
    ),
    case("MultiheadAttention of itself", nn.MultiheadAttention(8, 2, batch_first=True), [numbers(2, 5, 8)], attend),
    case(
        "MultiheadAttention without bias",
        nn.MultiheadAttention(6, 3, bias=False, batch_first=True),
        [numbers(2, 4, 6)],
        attend,
    ),
    case(
        "MultiheadAttention of a context",
        nn.MultiheadAttention(8, 2, batch_first=True),
        [numbers(2, 5, 8), numbers(2, 3, 8)],
        attend,
    ),
    case(
        "MultiheadAttention of a context of other features",
        nn.MultiheadAttention(8, 4, kdim=5, vdim=5, batch_first=True),
        [numbers(2, 5, 8), numbers(2, 3, 5)],
        attend,
    ),
    case(
        "MultiheadAttention with a mask",
        nn.MultiheadAttention(8, 2, batch_first=True),
        [numbers(2, 5, 8), numbers(5, 5, scale=2)],
        lambda m, x, mask: attend(m, x, mask=mask),
    ),
    case("AttentionBlock", AttentionBlock(8, 2, 2), [image(2, 3, 4, 8)]),
)
write(
    "embeddings",
    case("Embedding", nn.Embedding(6, 5), [torch.tensor([[1, 5, 1], [0, 3, 1]])]),
    case("sinusoidalEmbedding", None, [exact(torch.tensor([0.0, 0.5, 20.25]))], lambda _, t: sinusoidal(t, 8)),
    case(
        "sinusoidalEmbedding with maxPeriod 100",
        None,
        [exact(torch.tensor([0.0, 0.5, 20.25]))],
        lambda _, t: sinusoidal(t, 6, 100),
    ),
    case("FourierEmbedding", Fourier(8), [exact(torch.tensor([-1.5, 0.0, 0.625]))]),
    case(
        "TimeEmbedding",
        named(linear_1=nn.Linear(6, 5), linear_2=nn.Linear(5, 5)),
        [exact(torch.tensor([0.25, 3.0, 12.5]))],
        time_embedding,
    ),
)
write(
    "blocks",
    case("ResidualBlock", ResidualBlock(4, 4, 2), [image(2, 4, 4, 4)]),
    case("ResidualBlock with embedding", ResidualBlock(4, 6, 2, 5), [image(2, 4, 4, 4), numbers(2, 5)]),
    case("ResidualBlock up", ResidualBlock(4, 4, 2, 5, "up"), [image(2, 2, 3, 4), numbers(2, 5)]),
    case("ResidualBlock down", ResidualBlock(4, 6, 2, 5, "down"), [image(2, 4, 6, 4), numbers(2, 5)]),
    case(
        "Upsample",
        named(conv=nn.Conv2d(3, 4, 3, padding=1)),
        [image(2, 2, 3, 3)],
        lambda m, x: m.conv(F.interpolate(x, scale_factor=2, mode="nearest")),
    ),
    case("Downsample", named(conv=nn.Conv2d(3, 3, 3, stride=2, padding=1)), [image(2, 4, 5, 3)], lambda m, x: m.conv(x)),
)


def batch_norm(channels, mode):
    """With running statistics that are not those of a new one; training changes them before they are written."""
    m = nn.BatchNorm2d(channels).train(mode == "training")
    m.running_mean.copy_(numbers(channels))
    m.running_var.copy_(numbers(channels).square() + 0.5)
    return m


write(
    "batch-norm",
    case("BatchNorm2d in training", batch_norm(4, "training"), [image(3, 2, 3, 4, scale=2, shift=1)]),
    case("BatchNorm2d in inference", batch_norm(3, "inference"), [image(2, 3, 2, 3)]),
)
(OUT / "positions.json").write_text(json.dumps(pack(grid_positions(8, 2, 3))) + "\n")

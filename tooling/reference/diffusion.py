"""The networks of @gen/diffusion in PyTorch: UNet, DiT and VelocityMLP with the same options, names and numbers.

Import the classes, or run `python tooling/reference/diffusion.py --write` (numpy, torch 2.4 or later) to write
packages/diffusion/test/fixtures/networks.json: outputs, losses and gradients of tiny networks, whose weights both
sides make by `weights_by_formula`, and the parameter counts of larger ones.

Images are [n, c, h, w] here, and [n, h, w, c] in the fixture. Labels: the index `classes` says "no label".
"""

import argparse
import base64
import json
import math
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

FIXTURE = Path(__file__).resolve().parents[2] / "packages/diffusion/test/fixtures/networks.json"


def sinusoidal_embedding(t, features, max_period=10_000):
    half = features // 2
    frequencies = torch.exp(-math.log(max_period) * torch.arange(half, dtype=t.dtype, device=t.device) / half)
    angles = t[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], 1)


class TimeEmbedding(nn.Module):
    def __init__(self, frequencies, features):
        super().__init__()
        self.frequencies = frequencies
        self.linear_1 = nn.Linear(frequencies, features)
        self.linear_2 = nn.Linear(features, features)

    def forward(self, t):
        return self.linear_2(F.silu(self.linear_1(sinusoidal_embedding(t, self.frequencies))))


class LabelEmbedding(nn.Module):
    def __init__(self, classes, features):
        super().__init__()
        self.classes = classes
        self.table = nn.Embedding(classes + 1, features)

    def forward(self, labels, t):
        if labels is None:
            labels = torch.full((t.shape[0],), self.classes, dtype=torch.long, device=t.device)
        return self.table(labels)


class Conditioning(nn.Module):
    def __init__(self, frequencies, features, classes):
        super().__init__()
        self.time = TimeEmbedding(frequencies, features)
        self.label = LabelEmbedding(classes, features) if classes > 0 else None

    def forward(self, t, labels):
        embedding = self.time(t * 1000)
        return embedding if self.label is None else embedding + self.label(labels, t)


class Attention(nn.Module):
    """torch.nn.MultiheadAttention's parameters, by scaled_dot_product_attention alone."""

    def __init__(self, features, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * features, features))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * features))
        self.out_proj = nn.Linear(features, features)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x):
        n, tokens, features = x.shape
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.view(n, tokens, 3, self.heads, features // self.heads).permute(2, 0, 3, 1, 4)
        joined = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, tokens, features)
        return self.out_proj(joined)


def group_norm(channels):
    return nn.GroupNorm(max(1, min(32, channels // 4)), channels)


class ResidualBlock(nn.Module):
    def __init__(self, in_channels, out_channels, embedding_features):
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(embedding_features, 2 * out_channels)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.conv_shortcut = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else None
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x, embedding):
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.time_emb_proj(F.silu(embedding))[:, :, None, None].chunk(2, 1)
        h = self.conv2(F.silu(self.norm2(h) * (1 + scale) + shift))
        return (x if self.conv_shortcut is None else self.conv_shortcut(x)) + h


class AttentionBlock(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.norm = group_norm(channels)
        self.attention = Attention(channels, heads)
        nn.init.zeros_(self.attention.out_proj.weight)

    def forward(self, x):
        n, channels, height, width = x.shape
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        return x + self.attention(tokens).transpose(1, 2).reshape(n, channels, height, width)


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x):
        return self.conv(x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class Level(nn.Module):
    def __init__(self, blocks, attention, downsample=None, upsample=None):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.attention = nn.ModuleList(attention)
        self.downsample = downsample
        self.upsample = upsample

    def run(self, i, x, embedding):
        x = self.blocks[i](x, embedding)
        return self.attention[i](x) if len(self.attention) > 0 else x


class Middle(nn.Module):
    def __init__(self, channels, heads, embedding_features):
        super().__init__()
        self.block1 = ResidualBlock(channels, channels, embedding_features)
        self.attention = AttentionBlock(channels, heads)
        self.block2 = ResidualBlock(channels, channels, embedding_features)

    def forward(self, x, embedding):
        return self.block2(self.attention(self.block1(x, embedding)), embedding)


class UNet(nn.Module):
    """forward(x [n, c, h, w], t [n] in [0, 1], labels [n] or None). Options as of the TypeScript class.

    channels_last: gives the weights and the input that memory format, usually the faster one.
    """

    def __init__(self, imageSize, inChannels, baseChannels, multipliers, blocks, attention=(), headChannels=64,
                 classes=0, outChannels=None, channels_last=False):
        super().__init__()
        features = 4 * baseChannels
        sizes = [imageSize // 2**i for i in range(len(multipliers))]

        def heads(channels):
            return max(1, channels // headChannels)

        def block(i, before):
            return ResidualBlock(before, multipliers[i] * baseChannels, features)

        def attend(i, count):
            channels = multipliers[i] * baseChannels
            return [AttentionBlock(channels, heads(channels)) for _ in range(count if sizes[i] in attention else 0)]

        self.channels_last = channels_last
        self.conditioning = Conditioning(baseChannels, features, classes)
        self.conv_in = nn.Conv2d(inChannels, baseChannels, 3, padding=1)
        channels, skips, down = baseChannels, [baseChannels], []
        for i, multiplier in enumerate(multipliers):
            level = []
            for _ in range(blocks):
                level.append(block(i, channels))
                channels = multiplier * baseChannels
                skips.append(channels)
            last = i == len(multipliers) - 1
            if not last:
                skips.append(channels)
            down.append(Level(level, attend(i, blocks), downsample=None if last else Downsample(channels)))
        self.down = nn.ModuleList(down)
        self.middle = Middle(channels, heads(channels), features)
        up = []
        for i, multiplier in reversed(list(enumerate(multipliers))):
            level = []
            for _ in range(blocks + 1):
                level.append(block(i, channels + skips.pop()))
                channels = multiplier * baseChannels
            up.append(Level(level, attend(i, blocks + 1), upsample=None if i == 0 else Upsample(channels)))
        self.up = nn.ModuleList(up)
        self.norm_out = group_norm(channels)
        self.conv_out = nn.Conv2d(channels, outChannels or inChannels, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)
        if channels_last:
            self.to(memory_format=torch.channels_last)

    def forward(self, x, t, labels=None):
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        embedding = self.conditioning(t, labels)
        x = self.conv_in(x)
        skips = [x]
        for level in self.down:
            for i in range(len(level.blocks)):
                x = level.run(i, x, embedding)
                skips.append(x)
            if level.downsample is not None:
                x = level.downsample(x)
                skips.append(x)
        x = self.middle(x, embedding)
        for level in self.up:
            for i in range(len(level.blocks)):
                x = level.run(i, torch.cat([x, skips.pop()], 1), embedding)
            if level.upsample is not None:
                x = level.upsample(x)
        return self.conv_out(F.silu(self.norm_out(x)))


def grid_positions(features, rows, columns):
    def along(positions):
        frequencies = 10_000 ** (-torch.arange(features // 4, dtype=torch.float64) / (features // 4))
        angles = positions.double()[:, None] * frequencies
        return torch.cat([angles.sin(), angles.cos()], 1)

    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return torch.cat([along(column.flatten()), along(row.flatten())], 1).float()


class PatchEmbedding(nn.Module):
    def __init__(self, patch, channels, features):
        super().__init__()
        self.proj = nn.Conv2d(channels, features, patch, stride=patch)
        nn.init.xavier_uniform_(self.proj.weight.view(features, -1))
        nn.init.zeros_(self.proj.bias)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Mlp(nn.Module):
    def __init__(self, features, hidden):
        super().__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.fc2 = nn.Linear(hidden, features)
        for layer in (self.fc1, self.fc2):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


def zero_linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def modulate(x, shift, scale):
    return x * (1 + scale[:, None]) + shift[:, None]


class DiTBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.mlp = Mlp(width, 4 * width)
        self.modulation = zero_linear(width, 6 * width)
        nn.init.xavier_uniform_(self.attention.out_proj.weight)

    def forward(self, x, condition):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(condition).chunk(6, 1)
        x = x + gate1[:, None] * self.attention(modulate(self.norm1(x), shift1, scale1))
        return x + gate2[:, None] * self.mlp(modulate(self.norm2(x), shift2, scale2))


class DiT(nn.Module):
    """forward(x [n, c, h, w], t [n] in [0, 1], labels [n] or None). Options as of the TypeScript class."""

    def __init__(self, imageSize, inChannels, patch, width, depth, heads, classes=0, outChannels=None,
                 channels_last=False):
        super().__init__()
        side = imageSize // patch
        self.patch, self.side, self.channels_last = patch, side, channels_last
        self.conditioning = Conditioning(256, width, classes)
        for layer in (self.conditioning.time.linear_1, self.conditioning.time.linear_2):
            nn.init.normal_(layer.weight, std=0.02)
            nn.init.zeros_(layer.bias)
        if classes > 0:
            nn.init.normal_(self.conditioning.label.table.weight, std=0.02)
        self.patches = PatchEmbedding(patch, inChannels, width)
        self.register_buffer("positions", grid_positions(width, side, side))
        self.blocks = nn.ModuleList(DiTBlock(width, heads) for _ in range(depth))
        self.norm_out = nn.LayerNorm(width, eps=1e-6, elementwise_affine=False)
        self.modulation_out = zero_linear(width, 2 * width)
        self.linear_out = zero_linear(width, patch * patch * (outChannels or inChannels))
        if channels_last:
            self.to(memory_format=torch.channels_last)

    def forward(self, x, t, labels=None):
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        condition = F.silu(self.conditioning(t, labels))
        x = self.patches(x) + self.positions
        for block in self.blocks:
            x = block(x, condition)
        shift, scale = self.modulation_out(condition).chunk(2, 1)
        x = self.linear_out(modulate(self.norm_out(x), shift, scale))
        n, side, patch = x.shape[0], self.side, self.patch
        x = x.view(n, side, side, patch, patch, -1)
        return x.permute(0, 5, 1, 3, 2, 4).reshape(n, -1, side * patch, side * patch)


class FourierEmbedding(nn.Module):
    def __init__(self, features, scale):
        super().__init__()
        self.register_buffer("weight", torch.randn(features // 2) * scale)

    def forward(self, t):
        angles = 2 * math.pi * t[:, None] * self.weight
        return torch.cat([angles.sin(), angles.cos()], 1)


class VelocityMLP(nn.Module):
    """forward(x [n, dims], t [n]). Options as of the TypeScript class."""

    def __init__(self, dims=2, width=64, depth=3, fourierFeatures=0):
        super().__init__()
        self.time = FourierEmbedding(fourierFeatures, 1.0) if fourierFeatures else None
        widths = [dims + (fourierFeatures or 1), *[width] * depth, dims]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))

    def forward(self, x, t, labels=None):
        x = torch.cat([x, t[:, None] if self.time is None else self.time(t)], 1)
        for i, layer in enumerate(self.layers):
            x = layer(x if i == 0 else F.silu(x))
        return x


def rectified_flow_loss(model, images, t, noise, labels=None):
    """Mean of (v(x_t, t) - (z - x))^2 at x_t = (1 - t) x + t z."""
    shape = (-1, *[1] * (images.dim() - 1))
    time = t.view(shape)
    velocity = model((1 - time) * images + time * noise, t, labels)
    return F.mse_loss(velocity, noise - images)


def sequence(count, start):
    """Numbers in [-1, 1), the same to the bit in any language with IEEE arithmetic."""
    return [2 * ((i + 1) * 0.6180339887498949 + start * 0.7548776662466927) % 2 - 1 for i in range(count)]


def weights_by_formula(model):
    """Fills all parameters and buffers, in the order of their sorted names; positions and the like keep theirs."""
    parameters = dict(sorted(model.named_parameters()))
    with torch.no_grad():
        for number, (name, p) in enumerate(parameters.items()):
            scale = math.sqrt(3 / max(1, p[0].numel())) if p.dim() > 1 else 0.3
            offset = 1.0 if ".norm" in f".{name}" and name.endswith("weight") else 0.0
            values = torch.tensor(sequence(p.numel(), number + 1), dtype=torch.float64) * scale + offset
            p.copy_(values.view(p.shape))


NETWORKS = {"UNet": UNet, "DiT": DiT, "VelocityMLP": VelocityMLP}

CASES = [
    ("UNet", dict(imageSize=8, inChannels=2, baseChannels=4, multipliers=[1, 2], blocks=1, attention=[8], headChannels=4, classes=3)),
    ("UNet", dict(imageSize=4, inChannels=1, baseChannels=4, multipliers=[1, 1], blocks=1)),
    ("DiT", dict(imageSize=4, inChannels=2, patch=2, width=8, depth=2, heads=2, classes=3)),
    ("VelocityMLP", dict(dims=2, width=8, depth=2, fourierFeatures=4)),
]

COUNTED = [
    ("UNet", dict(imageSize=28, inChannels=1, baseChannels=32, multipliers=[1, 2, 2], blocks=2, attention=[7], classes=10)),
    ("UNet", dict(imageSize=32, inChannels=3, baseChannels=32, multipliers=[1, 2, 2, 4], blocks=1, attention=[16, 8])),
    ("DiT", dict(imageSize=28, inChannels=1, patch=4, width=128, depth=6, heads=4, classes=10)),
    ("VelocityMLP", dict(width=128, depth=4)),
]


def pack(t):
    return base64.b64encode(t.detach().contiguous().float().numpy().tobytes()).decode()


def channels_last(t):
    return t.movedim(1, -1) if t.dim() == 4 else t


def case(name, config):
    model = NETWORKS[name](**config)
    if name == "VelocityMLP" and model.time is not None:
        model.time.weight.copy_(torch.tensor([0.5, -1.25]))
    weights_by_formula(model)
    model.double()
    n, size = 2, config.get("imageSize")
    shape = (n, size, size, config["inChannels"]) if size else (n, config["dims"])
    count = math.prod(shape)
    images, noise = (torch.tensor(sequence(count, s), dtype=torch.float32).double().view(shape) for s in (101, 102))
    if size:
        images, noise = images.movedim(-1, 1), noise.movedim(-1, 1)
    t = torch.tensor([0.25, 0.8125], dtype=torch.float64)
    labels = torch.tensor([1, config["classes"]]) if config.get("classes") else None
    loss = rectified_flow_loss(model, images, t, noise, labels)
    loss.backward()
    time = t.view(-1, *[1] * (images.dim() - 1))
    output = model((1 - time) * images + time * noise, t, labels)
    return {
        "network": name,
        "config": config,
        "shapes": {k: list(p.shape) for k, p in sorted(model.named_parameters())},
        "buffers": {k: pack(b) for k, b in model.named_buffers()},
        "t": t.tolist(),
        "labels": None if labels is None else labels.tolist(),
        "output": pack(channels_last(output)),
        "loss": loss.item(),
        "gradients": {k: pack(p.grad) for k, p in sorted(model.named_parameters())},
    }


def write():
    counts = []
    for name, config in COUNTED:
        model = NETWORKS[name](**config)
        counts.append({"network": name, "config": config, "parameters": sum(p.numel() for p in model.parameters())})
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    FIXTURE.write_text(json.dumps({"cases": [case(*c) for c in CASES], "counts": counts}) + "\n")
    print(f"{FIXTURE.name}: {FIXTURE.stat().st_size / 1000:.0f} kB", [c["parameters"] for c in counts])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Reference networks of @gen/diffusion in PyTorch.")
    parser.add_argument("--write", action="store_true", help="write the fixture")
    if parser.parse_args().write:
        write()
    else:
        parser.print_help()

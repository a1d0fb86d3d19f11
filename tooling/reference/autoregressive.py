"""The networks of @gen/autoregressive in PyTorch: the causal transformer, PixelCNN and its gated form, with the same
options and names.

Import it, or run `python tooling/reference/autoregressive.py --write` (torch 2.4 or later) to write
packages/autoregressive/test/fixtures/transformer.json and images.json: logits, loss and gradients of tiny ones, in
float64.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from fixture import case, exact, raw, write


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def project(self, x):
        n, tokens, width = x.shape
        return self.qkv(x).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)

    def forward(self, x):
        q, k, v = self.project(x)
        return self.join(F.scaled_dot_product_attention(q, k, v, is_causal=True), x)

    def step(self, x, position, keys, values):
        """x [n, 1, width]; the caches [n, heads, max tokens, d] take in its key and value."""
        q, k, v = self.project(x)
        keys[:, :, position : position + 1] = k
        values[:, :, position : position + 1] = v
        seen = slice(0, position + 1)
        return self.join(F.scaled_dot_product_attention(q, keys[:, :, seen], values[:, :, seen]), x)

    def join(self, heads, x):
        return self.proj(heads.transpose(1, 2).reshape(x.shape))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))

    def step(self, x, *cache):
        x = x + self.attention.step(self.norm1(x), *cache)
        return x + self.mlp(self.norm2(x))


class CausalTransformer(nn.Module):
    """forward(tokens [n, t], labels [n] or None) gives logits [n, t, vocabulary]. Options as of the TypeScript class."""

    def __init__(self, vocabulary, maxTokens, width, depth, heads, classes=0):
        super().__init__()
        self.vocabulary, self.classes = vocabulary, classes
        self.cache_shape = lambda n: (depth, 2, n, heads, maxTokens, width // heads)
        self.tokens = nn.Embedding(vocabulary + classes + 1, width)
        self.positions = nn.Embedding(maxTokens, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def start(self, n, labels=None):
        return torch.full((n,), self.vocabulary + self.classes, device=self.tokens.weight.device) if labels is None else self.vocabulary + labels

    def head(self, x):
        return F.linear(self.norm(x), self.tokens.weight[: self.vocabulary])

    def forward(self, tokens, labels=None):
        n, count = tokens.shape
        given = torch.cat([self.start(n, labels)[:, None], tokens[:, :-1]], 1)
        x = self.tokens(given) + self.positions.weight[:count]
        for block in self.blocks:
            x = block(x)
        return self.head(x)

    def cache(self, n):
        return torch.zeros(self.cache_shape(n), device=self.tokens.weight.device)

    def step(self, token, position, cache):
        """The logits at `position` [n, vocabulary], given the token before it [n]."""
        x = (self.tokens(token) + self.positions.weight[position])[:, None]
        for block, (keys, values) in zip(self.blocks, cache):
            x = block.step(x, position, keys, values)
        return self.head(x)[:, 0]


def loss(model, tokens, labels=None):
    """Negative log-likelihood of a token in nats."""
    return F.cross_entropy(model(tokens, labels).flatten(0, 1), tokens.flatten())


class Masked(nn.Conv2d):
    """A convolution with zeros in its full kernel: mask "A", "B", or "above" for the rows above alone.

    Feature i is of group i mod `groups`. Written with the full k x k kernel of the papers, where the TypeScript layer
    has only the taps of its window: `window` cuts those out.
    """

    def __init__(self, inputs, outputs, size, kind, groups=1, horizontal=False):
        super().__init__(inputs, outputs, size, padding=size // 2)
        mask, r = torch.zeros(outputs, inputs, size, size), size // 2
        if not horizontal:
            mask[:, :, :r] = 1
        if kind == "with":
            mask[:, :, r] = 1
        if kind in "AB":
            mask[:, :, r, :r] = 1
            from_, to = torch.arange(inputs)[None] % groups, torch.arange(outputs)[:, None] % groups
            mask[:, :, r, r] = ((from_ < to) if kind == "A" else (from_ <= to)).float()
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return self._conv_forward(x, self.weight * self.mask, self.bias)


class PixelBlock(nn.Module):
    def __init__(self, h, groups):
        super().__init__()
        self.down = Masked(2 * h, h, 1, "B", groups)
        self.conv = Masked(h, h, 3, "B", groups)
        self.up = Masked(h, 2 * h, 1, "B", groups)

    def forward(self, x):
        return x + self.up(F.relu(self.conv(F.relu(self.down(F.relu(x))))))


class PixelCNN(nn.Module):
    def __init__(self, channels, levels, features, depth):
        super().__init__()
        h = features
        self.input = Masked(channels, 2 * h, 7, "A", channels)
        self.blocks = nn.ModuleList(PixelBlock(h, channels) for _ in range(depth))
        self.out1 = Masked(2 * h, 2 * h, 1, "B", channels)
        self.out2 = Masked(2 * h, channels * levels, 1, "B", channels)

    def forward(self, x, labels=None):
        x = self.input(x)
        for block in self.blocks:
            x = block(x)
        return self.out2(F.relu(self.out1(F.relu(x))))


def gate(x):
    a, b = x.chunk(2, 1)
    return torch.tanh(a) * torch.sigmoid(b)


class GatedLayer(nn.Module):
    def __init__(self, inputs, features, size, first, groups, classes):
        super().__init__()
        self.vertical = Masked(inputs, 2 * features, size, "above" if first else "with")
        self.horizontal = Masked(inputs, 2 * features, size, "A" if first else "B", groups, horizontal=True)
        self.across = nn.Conv2d(2 * features, 2 * features, 1)
        self.proj = Masked(features, features, 1, "B", groups)
        self.label = nn.Embedding(classes + 1, 2 * features)
        self.first = first

    def forward(self, v, h, labels):
        label = self.label(labels)[:, :, None, None]
        above = self.vertical(v)
        out = self.proj(gate(self.horizontal(h) + self.across(above) + label))
        return gate(above + label), out if self.first else h + out


class GatedPixelCNN(nn.Module):
    def __init__(self, channels, levels, features, depth, classes):
        super().__init__()
        self.layers = nn.ModuleList(
            GatedLayer(features if i else channels, features, 3 if i else 7, i == 0, channels, classes)
            for i in range(depth)
        )
        self.out1 = Masked(features, features, 1, "B", channels)
        self.out2 = Masked(features, channels * levels, 1, "B", channels)

    def forward(self, x, labels):
        v = h = x
        for layer in self.layers:
            v, h = layer(v, h, labels)
        return self.out2(F.relu(self.out1(F.relu(h))))


def image_loss(model, x, labels, channels, levels):
    """Nats per image. Level-major outputs: feature i is of channel i mod channels."""
    logits = model(x, labels)
    n, _, height, width = logits.shape
    target = ((x + 1) * (levels - 1) / 2).round().long()
    return F.cross_entropy(logits.view(n, levels, channels, height, width), target, reduction="sum") / n


def windowed(content, model):
    """Cuts the full kernels down to the taps that are seen: what TypeScript's layers hold."""
    for name, layer in model.named_modules():
        if not isinstance(layer, Masked):
            continue
        seen = layer.mask.amax((0, 1)) > 0
        rows, columns = seen.any(1).nonzero().flatten(), seen.any(0).nonzero().flatten()
        # A centre that mask A hides altogether still counts.
        last, right = int(rows.max()), max(int(columns.max()), layer.kernel_size[1] // 2)
        cut = (slice(None), slice(None), slice(int(rows.min()), last + 1), slice(int(columns.min()), right + 1))
        grad = layer.weight.grad
        content["weights"][name + ".weight"] = raw(layer.weight[cut])
        content["gradients"][name + ".weight"] = raw(grad[cut])
    return content


def image_case(kind, **config):
    """One image network of levels, with its labels."""
    channels, levels, classes = config["channels"], config["levels"], config.get("classes", 0)
    x = exact(torch.randint(0, levels, (2, channels, 5, 6)) * (2 / (levels - 1)) - 1)
    model = kind(**config)
    inputs = {"images": x, "labels": torch.randint(0, max(classes, 1), (2,))}
    content = case(
        model,
        {"config": config},
        inputs,
        lambda m, images, labels: {"loss": image_loss(m, images, labels, channels, levels)},
        lambda m, images, labels: {"logits": m(images, labels)},
    )
    return windowed(content, model)


if __name__ == "__main__":
    config = dict(vocabulary=7, maxTokens=6, width=12, depth=2, heads=3, classes=2)
    inputs = {"tokens": torch.randint(0, 7, (3, 6)), "labels": torch.tensor([1, 2, 0])}
    network = case(
        CausalTransformer(**config),
        {"config": config},
        inputs,
        lambda m, tokens, labels: {"loss": loss(m, tokens, labels)},
        lambda m, tokens, labels: {"logits": m(tokens, labels)},
    )
    write("autoregressive", "transformer.json", network)
    images = {
        "PixelCNN": image_case(PixelCNN, channels=3, levels=3, features=6, depth=1),
        "GatedPixelCNN": image_case(GatedPixelCNN, channels=3, levels=3, features=6, depth=2, classes=3),
    }
    write("autoregressive", "images.json", images)

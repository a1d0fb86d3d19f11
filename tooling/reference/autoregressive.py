"""The networks of @gen/autoregressive in PyTorch: the causal transformer, with the same options and names.

Import it, or run `python tooling/reference/autoregressive.py --write` (torch 2.4 or later) to write
packages/autoregressive/test/fixtures/transformer.json: logits, loss and gradients of a tiny one, in float64.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from fixture import case, write


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
        return torch.full((n,), self.vocabulary + self.classes) if labels is None else self.vocabulary + labels

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
        return torch.zeros(self.cache_shape(n))

    def step(self, token, position, cache):
        """The logits at `position` [n, vocabulary], given the token before it [n]."""
        x = (self.tokens(token) + self.positions.weight[position])[:, None]
        for block, (keys, values) in zip(self.blocks, cache):
            x = block.step(x, position, keys, values)
        return self.head(x)[:, 0]


def loss(model, tokens, labels=None):
    """Negative log-likelihood of a token in nats."""
    return F.cross_entropy(model(tokens, labels).flatten(0, 1), tokens.flatten())


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

"""The networks of @gen/vae in PyTorch: the convolutional variational autoencoder, with the same options and names.

Import it, or run `python tooling/reference/vae.py --write` (torch 2.4 or later) to write
packages/vae/test/fixtures/vae.json: weights, codes, losses and gradients of tiny networks, in float64.

Images are [n, c, h, w] here, and [n, h, w, c] in the fixture. A code that is a vector is flattened with the channels
last, as ours.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from diffusion import AttentionBlock, group_norm
from fixture import case, image, numbers, write


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm1 = group_norm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = group_norm(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x))))))


class Stage(nn.Module):
    def __init__(self, channels, blocks, attention):
        super().__init__()
        self.norm = group_norm(channels)
        self.blocks = nn.ModuleList(ResidualBlock(channels) for _ in range(blocks))
        self.attention = AttentionBlock(channels, 1) if attention else None

    def forward(self, x):
        x = F.silu(self.norm(x))
        for block in self.blocks:
            x = block(x)
        return x if self.attention is None else self.attention(x)


def sizes_of(image_size, channels):
    return [image_size // 2 ** (i + 1) for i in range(len(channels))]


class Encoder(nn.Module):
    def __init__(self, image_size, in_channels, channels, blocks, attention, out_shape):
        super().__init__()
        sizes = sizes_of(image_size, channels)
        pairs = zip([in_channels, *channels], channels)
        self.down = nn.ModuleList(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairs)
        self.stages = nn.ModuleList(Stage(c, blocks, s in attention) for c, s in zip(channels, sizes))
        self.vector = len(out_shape) == 1
        inner = channels[-1]
        if self.vector:
            self.out = nn.Linear(sizes[-1] ** 2 * inner, out_shape[0])
        else:
            self.out = nn.Conv2d(inner, out_shape[2], 3, padding=1)

    def forward(self, x):
        for down, stage in zip(self.down, self.stages):
            x = stage(down(x))
        return self.out(x.permute(0, 2, 3, 1).flatten(1) if self.vector else x)


class Decoder(nn.Module):
    def __init__(self, image_size, out_channels, channels, blocks, attention, in_shape):
        super().__init__()
        sizes, widths = sizes_of(image_size, channels)[::-1], channels[::-1]
        self.size, self.inner, self.vector = sizes[0], widths[0], len(in_shape) == 1
        if self.vector:
            self.project = nn.Linear(in_shape[0], sizes[0] ** 2 * widths[0])
        else:
            self.project = nn.Conv2d(in_shape[2], widths[0], 3, padding=1)
        self.stages = nn.ModuleList(Stage(c, blocks, s in attention) for c, s in zip(widths, sizes))
        pairs = zip(widths, [*widths[1:], out_channels])
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in pairs)

    def forward(self, z):
        x = self.project(z)
        if self.vector:
            x = x.view(-1, self.size, self.size, self.inner).permute(0, 3, 1, 2)
        for stage, up in zip(self.stages, self.up):
            x = up(stage(x))
        return x


class VAE(nn.Module):
    """forward(x) gives mean and log-variance of the latents. Options as of the TypeScript function convVAE."""

    def __init__(self, imageSize, inChannels, channels, latentShape, blocks=0, attention=(), outputsPerNumber=1):
        super().__init__()
        doubled = [*latentShape[:-1], 2 * latentShape[-1]]
        self.encoder = Encoder(imageSize, inChannels, channels, blocks, attention, doubled)
        self.decoder = Decoder(imageSize, inChannels * outputsPerNumber, channels, blocks, attention, latentShape)

    def forward(self, x):
        return self.encoder(x).chunk(2, 1)

    def losses(self, x, noise):
        """The negative ELBO with a Bernoulli decoder, a mean over the batch, and its parts, in nats."""
        mean, log_variance = self(x)
        logits = self.decoder(mean + torch.exp(0.5 * log_variance) * noise)
        n = x.shape[0]
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / n
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum() / n
        return reconstruction + kl, reconstruction, kl


CONFIGS = [
    dict(imageSize=8, inChannels=1, channels=[4, 8], blocks=1, latentShape=[3]),
    dict(imageSize=8, inChannels=2, channels=[4, 8], blocks=1, attention=[2], latentShape=[2, 2, 3]),
]


def vae_case(config):
    latent = config["latentShape"]
    noise = numbers(2, latent[0]) if len(latent) == 1 else image(2, *latent)
    images = torch.rand(2, config["inChannels"], 8, 8).float().double()
    return case(
        VAE(**config),
        {"config": config},
        {"images": images, "noise": noise},
        lambda m, images, noise: dict(zip(("loss", "reconstruction", "kl"), m.losses(images, noise))),
        lambda m, images, noise: dict(zip(("mean", "logVariance"), m(images)), outputs=m.decoder(noise)),
    )


if __name__ == "__main__":
    write("vae", "vae.json", [vae_case(config) for config in CONFIGS])

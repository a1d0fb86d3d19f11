"""The networks of @gen/gan in PyTorch: DCGAN, with the same options and names.

Import them, or run `python tooling/reference/gan.py --write` (torch 2.4 or later) to write
packages/gan/test/fixtures/dcgan.json: two training steps of tiny networks, in float64.

Images are [n, c, h, w] here, and [n, h, w, c] in the fixture; 4 × 4 pixels are flattened with the channels last, as ours.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from fixture import image, numbers, pack, randomise, raw, write


def channels_of(imageSize, baseChannels):
    return [baseChannels * 2**i for i in range((imageSize // 4).bit_length() - 1)]


class Generator(nn.Module):
    def __init__(self, imageSize, imageChannels, latents=100, baseChannels=64):
        super().__init__()
        channels = channels_of(imageSize, baseChannels)[::-1]
        self.latents, self.inner = latents, channels[0]
        self.project = nn.Linear(latents, 16 * channels[0], bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in channels)
        pairs = list(zip(channels, [*channels[1:], imageChannels]))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=i == len(pairs) - 1) for i, (a, b) in enumerate(pairs)
        )

    def forward(self, z):
        x = self.project(z).view(-1, 4, 4, self.inner).permute(0, 3, 1, 2)
        for norm, up in zip(self.norms, self.up):
            x = up(F.relu(norm(x)))
        return torch.tanh(x)


class Discriminator(nn.Module):
    def __init__(self, imageSize, imageChannels, latents=100, baseChannels=64):
        super().__init__()
        channels = channels_of(imageSize, baseChannels)
        pairs = zip([imageChannels, *channels], channels)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1, bias=i == 0) for i, (a, b) in enumerate(pairs)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in channels[1:])
        self.out = nn.Linear(16 * channels[-1], 1)

    def forward(self, x):
        for i, down in enumerate(self.down):
            x = down(x)
            x = F.leaky_relu(x if i == 0 else self.norms[i - 1](x), 0.2)
        return self.out(x.permute(0, 2, 3, 1).flatten(1)).squeeze(1)


def players(**config):
    return nn.ModuleDict({"generator": Generator(**config), "discriminator": Discriminator(**config)})


class Steps:
    """A step of both: the discriminator first, the generator against the new one. The networks are in training mode."""

    def __init__(self, model, make_optimizer):
        self.generator, self.discriminator = model["generator"], model["discriminator"]
        self.for_generator = make_optimizer(self.generator.parameters())
        self.for_discriminator = make_optimizer(self.discriminator.parameters())

    def step(self, images, first, second):
        self.for_discriminator.zero_grad()
        with torch.no_grad():
            generated = self.generator(first)
        real, fake = self.discriminator(images), self.discriminator(generated)
        discriminator_loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        discriminator_loss.backward()
        self.for_discriminator.step()

        self.for_generator.zero_grad()
        self.discriminator.requires_grad_(False)
        generator_loss = F.softplus(-self.discriminator(self.generator(second))).mean()
        generator_loss.backward()
        self.for_generator.step()
        self.discriminator.requires_grad_(True)
        return discriminator_loss, generator_loss, real.mean(), fake.mean()


def dcgan_case():
    config = dict(imageSize=16, imageChannels=2, latents=3, baseChannels=4)
    model = players(**config).double()
    randomise(model)
    state = lambda: {k: raw(v) for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    before = state()
    z = numbers(4, 3)
    # SGD: what Adam makes of gradients near zero says nothing.
    steps = Steps(model, lambda parameters: torch.optim.SGD(parameters, lr=0.05))
    batches = [dict(images=image(4, 16, 16, 2), first=numbers(4, 3), second=numbers(4, 3)) for _ in range(2)]
    names = ("discriminatorLoss", "generatorLoss", "real", "fake")
    losses = [dict(zip(names, (v.item() for v in steps.step(**batch)))) for batch in batches]
    model.eval()
    with torch.no_grad():
        images = model["generator"](z)
        logits = model["discriminator"](images)
    return {
        "config": config,
        "before": before,
        "after": state(),
        "batches": [{k: pack(v) for k, v in batch.items()} for batch in batches],
        "losses": losses,
        "z": pack(z),
        "images": pack(images),
        "logits": pack(logits),
    }


if __name__ == "__main__":
    write("gan", "dcgan.json", dcgan_case())

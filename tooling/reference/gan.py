"""The networks of @gen/gan in PyTorch: DCGAN, with the same options and names.

Import them, or run `python tooling/reference/gan.py --write` (torch 2.4 or later) to write, in float64,
packages/gan/test/fixtures/dcgan.json: two training steps of tiny networks, and parts.json beside it: losses, penalties,
spectral normalisation, and what StyleGAN is made of.

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


def loss_cases():
    """Each loss and its gradients in the logits. Relativistic: pairs."""
    ones, zeros = torch.ones(5).double(), torch.zeros(5).double()
    bce, mse = F.binary_cross_entropy_with_logits, F.mse_loss
    losses = {
        "minimax": (lambda r, f: bce(r, ones) + bce(f, zeros), lambda r, f: -bce(f, zeros)),
        "non-saturating": (lambda r, f: bce(r, ones) + bce(f, zeros), lambda r, f: bce(f, ones)),
        "least-squares": (lambda r, f: (mse(r, ones) + mse(f, zeros)) / 2, lambda r, f: mse(f, ones) / 2),
        "hinge": (lambda r, f: F.hinge_embedding_loss(r, -ones) + F.hinge_embedding_loss(-f, -ones), lambda r, f: -f.mean()),
        "wasserstein": (lambda r, f: f.mean() - r.mean(), lambda r, f: -f.mean()),
        "relativistic": (lambda r, f: bce(r - f, ones), lambda r, f: bce(f - r, ones)),
    }
    real, fake = numbers(5, scale=2.0), numbers(5, scale=2.0)
    values = {}
    for name, players in losses.items():
        for player, loss in zip(("discriminator", "generator"), players):
            r, f = real.clone().requires_grad_(), fake.clone().requires_grad_()
            value = loss(r, f)
            gradients = torch.autograd.grad(value, (r, f), allow_unused=True)
            values.setdefault(name, {})[player] = {
                "value": value.item(),
                "gradients": [None if g is None else g.tolist() for g in gradients],
            }
    return {"real": pack(real), "fake": pack(fake), "losses": values}


def penalty_cases():
    """Penalties of a smooth critic at given points: values, and gradients in its weights (second derivatives)."""
    critic = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    randomise(critic)
    with torch.no_grad():
        critic[2].weight.mul_(16.0)  # so that norms lie on both sides of 1
    x = numbers(6, 3)

    def norms():
        at = x.clone().requires_grad_()
        (g,) = torch.autograd.grad(critic(at).sum(), at, create_graph=True)
        return g.norm(dim=1)

    penalties = {
        "two": lambda: 10 * (norms() - 1).square().mean(),
        "one": lambda: 10 * (norms() - 1).clamp(min=0).square().mean(),
        "r1": lambda: 5 * norms().square().mean(),
    }
    results = {}
    for name, penalty in penalties.items():
        value = penalty()
        weights = [critic[0].weight, critic[0].bias, critic[2].weight]
        g = torch.autograd.grad(value, weights)
        results[name] = {"value": value.item(), "gradients": dict(zip(("0.weight", "0.bias", "1.weight"), map(raw, g)))}
    weights = {k.replace("2.", "1."): raw(v) for k, v in critic.state_dict().items()}
    return {"weights": weights, "x": pack(x), "norms": norms().tolist(), "penalties": results}


def spectral_case(layer, x):
    """Three training passes, then the gradient of a weighted sum of the outputs in the weight."""
    bias = numbers(layer.weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(numbers(*layer.weight.shape))
        layer.bias.copy_(bias)
    weight = raw(layer.weight)
    normed = nn.utils.spectral_norm(layer.double())
    u = numbers(layer.weight.shape[0])
    u = u / u.norm()
    normed.weight_u.copy_(u.float().double())
    first = raw(normed.weight_u)
    outputs = [normed(x) for _ in range(3)]
    probe = numbers(*outputs[-1].shape)
    (outputs[-1] * probe).sum().backward()
    return {
        "weight": weight,
        "bias": raw(bias),
        "u": first,
        "x": pack(x),
        "probe": pack(probe),
        "outputs": [pack(y) for y in outputs],
        "gradient": raw(normed.weight_orig.grad),
        "uAfter": raw(normed.weight_u),
    }


def modulated_case():
    """StyleGAN2's convolution (arXiv:1912.04958, eq. 1 and 3): weights of each image's own, one group an image."""
    x, style, weight = image(2, 5, 5, 3), numbers(2, 3) + 1, numbers(4, 3, 3, 3)
    inputs = [t.requires_grad_() for t in (x, style, weight)]
    w = weight[None] * style[:, None, :, None, None]
    w = w / (w.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).sqrt()
    y = F.conv2d(x.reshape(1, 6, 5, 5), w.reshape(8, 3, 3, 3), padding=1, groups=2).reshape(2, 4, 5, 5)
    probe = image(2, 5, 5, 4)
    gx, gs, gw = torch.autograd.grad((y * probe).sum(), inputs)
    return {
        "x": pack(x), "style": pack(style), "weight": raw(weight), "probe": pack(probe), "output": pack(y),
        "gradients": {"x": pack(gx), "style": pack(gs), "weight": raw(gw)},
    }  # fmt: skip


def adain_case():
    """Instance norm, then a scale and a shift of each image and channel (arXiv:1703.06868, eq. 8)."""
    x, scale, shift = image(2, 4, 4, 3), numbers(2, 3), numbers(2, 3)
    y = F.instance_norm(x, eps=1e-5) * (1 + scale)[:, :, None, None] + shift[:, :, None, None]
    return {"x": pack(x), "scale": pack(scale), "shift": pack(shift), "output": pack(y)}


def minibatch_case():
    """The deviation over groups of 2 of 4 images, averaged over all else (arXiv:1710.10196, section 3)."""
    x = image(4, 2, 2, 3)
    groups = x.reshape(2, 2, 3, 2, 2)  # images i and i + 2 are one group
    deviation = (groups.var(dim=0, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    extra = deviation.repeat(2)[:, None, None, None].expand(4, 1, 2, 2)
    return {"x": pack(x), "output": pack(torch.cat([x, extra], 1))}


def path_length_case():
    """‖Jᵀy‖ of a smooth function of three style vectors (arXiv:1912.04958, eq. 4), and the penalty's gradient."""
    weight, ws, probe = numbers(4, 12), numbers(2, 3, 4), numbers(2, 12)
    weight.requires_grad_()
    at = ws.clone().requires_grad_()
    images = torch.tanh(at.sum(1) @ weight)
    (j,) = torch.autograd.grad((images * probe).sum(), at, create_graph=True)
    lengths = j.square().sum(2).mean(1).sqrt()
    return {"weight": pack(weight), "ws": pack(ws), "probe": pack(probe), "lengths": lengths.tolist()}


def parts():
    return {
        "losses": loss_cases(),
        "penalties": penalty_cases(),
        "spectral": {
            "linear": spectral_case(nn.Linear(4, 3).double(), numbers(2, 4)),
            "conv": spectral_case(nn.Conv2d(2, 3, 3, padding=1).double(), image(2, 4, 4, 2)),
        },
        "modulated": modulated_case(),
        "adain": adain_case(),
        "minibatch": minibatch_case(),
        "pathLength": path_length_case(),
    }


if __name__ == "__main__":
    write("gan", "dcgan.json", dcgan_case())
    torch.manual_seed(1)
    write("gan", "parts.json", parts())

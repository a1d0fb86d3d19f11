"""The networks of @gen/gan in PyTorch: DCGAN, with the same options and names.

Import them, or run `python tooling/reference/gan.py --write` (torch 2.4 or later) to write, in float64,
packages/gan/test/fixtures/dcgan.json: two training steps of tiny networks, and parts.json beside it: losses, penalties,
spectral normalisation, and what StyleGAN is made of; networks.json: outputs and gradients of all other networks.

Images are [n, c, h, w] here, and [n, h, w, c] in the fixture; 4 × 4 pixels are flattened with the channels last, as ours.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F

from fixture import case, image, numbers, pack, randomise, raw, write


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


def sizes(imageSize, baseChannels):
    channels = channels_of(imageSize, baseChannels)
    return [*channels[::-1], channels[0]]


class Spectral(nn.Module):
    """torch's spectral norm (checked by spectral_case) under our names, one iteration from `u`, which stays as it is."""

    def __init__(self, layer, bias=True):
        super().__init__()
        self.layer = layer
        out = layer.weight.shape[0]
        self.bias = nn.Parameter(torch.zeros(out)) if bias else None
        self.register_buffer("u", F.normalize(numbers(out), dim=0))

    def forward(self, x):
        w = self.layer.weight.flatten(1)
        with torch.no_grad():
            v = F.normalize(w.T @ self.u, dim=0)
            u = F.normalize(w @ v, dim=0)
        weight = self.layer.weight / (u @ w @ v)
        if weight.dim() == 2:
            return F.linear(x, weight, self.bias)
        return F.conv2d(x, weight, self.bias, padding=weight.shape[2] // 2)


class ConditionalNorm(nn.Module):
    def __init__(self, channels, features):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.gain = nn.Linear(features, channels, bias=False)
        self.offset = nn.Linear(features, channels, bias=False)

    def forward(self, x, embedding):
        return self.norm(x) * (1 + self.gain(embedding))[:, :, None, None] + self.offset(embedding)[:, :, None, None]


class UpBlock(nn.Module):
    def __init__(self, a, b, features):
        super().__init__()
        self.norm1, self.norm2 = ConditionalNorm(a, features), ConditionalNorm(b, features)
        self.conv1, self.conv2 = nn.Conv2d(a, b, 3, padding=1), nn.Conv2d(b, b, 3, padding=1)
        self.shortcut = nn.Conv2d(a, b, 1)

    def forward(self, x, e):
        up = lambda t: F.interpolate(t, scale_factor=2)
        h = self.conv1(up(F.relu(self.norm1(x, e))))
        return self.conv2(F.relu(self.norm2(h, e))) + self.shortcut(up(x))


class ResNetGenerator(nn.Module):
    def __init__(self, imageSize, imageChannels, latents, baseChannels, classes, head=None):
        super().__init__()
        channels = channels_of(imageSize, baseChannels)[::-1]
        self.inner = channels[0]
        self.embed = nn.Linear(classes, latents, bias=False)
        self.project = nn.Linear(latents, 16 * channels[0])
        self.blocks = nn.ModuleList(UpBlock(a, b, latents) for a, b in zip([channels[0], *channels], channels))
        self.norm = nn.BatchNorm2d(channels[-1])
        self.out = nn.Conv2d(channels[-1], imageChannels, 3, padding=1)

    def forward(self, z, labels):
        e = self.embed.weight.T[labels]
        x = self.project(z).view(-1, 4, 4, self.inner).permute(0, 3, 1, 2)
        for block in self.blocks:
            x = block(x, e)
        return torch.tanh(self.out(F.relu(self.norm(x))))


class DownBlock(nn.Module):
    def __init__(self, a, b, first):
        super().__init__()
        self.conv1, self.conv2 = Spectral(nn.Conv2d(a, b, 3, bias=False)), Spectral(nn.Conv2d(b, b, 3, bias=False))
        self.shortcut = Spectral(nn.Conv2d(a, b, 1, bias=False))
        self.first = first

    def forward(self, x):
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        return F.avg_pool2d(h + self.shortcut(x), 2)


class ResNetDiscriminator(nn.Module):
    def __init__(self, imageSize, imageChannels, latents, baseChannels, classes, head):
        super().__init__()
        channels = channels_of(imageSize, baseChannels)
        pairs = zip([imageChannels, *channels], channels)
        self.blocks = nn.ModuleList(DownBlock(a, b, i == 0) for i, (a, b) in enumerate(pairs))
        self.out = Spectral(nn.Linear(channels[-1], 1, bias=False))
        self.head = head
        if head == "projection":
            self.embed = Spectral(nn.Linear(classes, channels[-1], bias=False), bias=False)
        else:
            self.classifier = Spectral(nn.Linear(channels[-1], classes, bias=False))

    def features(self, x):
        for block in self.blocks:
            x = block(x)
        return F.relu(x).sum(dim=(2, 3))

    def forward(self, x, labels):
        h = self.features(x)
        logit = self.out(h).squeeze(1)
        if self.head != "projection":
            return logit
        y = F.one_hot(labels.long(), self.embed.layer.weight.shape[1]).double()
        return logit + (self.embed(y) * h).sum(1)

    def classify(self, x):
        return self.classifier(self.features(x))


class Patch(nn.Module):
    def __init__(self, imageChannels, baseChannels, depth):
        super().__init__()
        widths = [baseChannels * min(2**i, 8) for i in range(depth + 1)]
        pairs = list(zip([imageChannels, *widths], [*widths, 1]))
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2 if i < depth else 1, padding=1, bias=i in (0, depth + 1))
            for i, (a, b) in enumerate(pairs)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(w) for w in widths[1:])

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = conv(x)
            if i < len(self.convs) - 1:
                x = F.leaky_relu(self.norms[i - 1](x) if i else x, 0.2)
        return x.squeeze(1)


class R3Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1 = nn.Conv2d(c, c, 1, bias=False)
        self.conv2 = nn.Conv2d(c, c, 3, padding=1)
        self.conv3 = nn.Conv2d(c, c, 1, bias=False)

    def forward(self, x):
        return x + self.conv3(F.leaky_relu(self.conv2(F.leaky_relu(self.conv1(x), 0.2)), 0.2))


def bilinear(x):
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def r3_parts(channels, blocks):
    stages = nn.ModuleList(nn.Sequential(*(R3Block(c) for _ in range(blocks))) for c in channels)
    return stages, nn.ModuleList(nn.Conv2d(a, b, 1, bias=False) for a, b in zip(channels, channels[1:]))


class R3Generator(nn.Module):
    def __init__(self, imageSize, imageChannels, latents, baseChannels, blocks, classes=0):
        super().__init__()
        channels = sizes(imageSize, baseChannels)
        self.basis = nn.Parameter(torch.zeros(1, 4, 4, channels[0]))
        self.classes = classes
        self.project = nn.Linear(latents + classes, channels[0], bias=False)
        self.stages, self.transitions = r3_parts(channels, blocks)
        self.out = nn.Conv2d(channels[-1], imageChannels, 1, bias=False)

    def forward(self, z, labels=None):
        z = z if labels is None else torch.cat([z, one_hot(labels, self.classes)], 1)
        x = self.stages[0](self.basis.permute(0, 3, 1, 2) * self.project(z)[:, :, None, None])
        for transition, stage in zip(self.transitions, self.stages[1:]):
            x = stage(transition(bilinear(x)))
        return self.out(x)


class R3Discriminator(nn.Module):
    def __init__(self, imageSize, imageChannels, latents, baseChannels, blocks, classes=0):
        super().__init__()
        channels = sizes(imageSize, baseChannels)[::-1]
        self.stages, self.transitions = r3_parts(channels, blocks)
        # `from` is a word of Python's.
        self.add_module("from", nn.Conv2d(imageChannels, channels[0], 1, bias=False))
        self.window = nn.Parameter(torch.zeros(4, 4, channels[-1]))
        self.out = nn.Linear(channels[-1], 1, bias=False)
        self.embed = nn.Linear(classes, channels[-1], bias=False) if classes else None

    def forward(self, x, labels=None):
        x = getattr(self, "from")(x)
        for stage, transition in zip(self.stages, self.transitions):
            x = transition(F.avg_pool2d(stage(x), 2))
        depthwise = self.window.permute(2, 0, 1)[:, None]
        h = F.conv2d(self.stages[-1](x), depthwise, groups=len(depthwise)).flatten(1)
        logit = self.out(h).squeeze(1)
        return logit if labels is None else logit + (self.embed.weight.T[labels] * h).sum(1)


class Equal(nn.Module):
    """A layer with its He constant at run time. Its weight is `layer.weight`, its bias its own."""

    def __init__(self, layer, rate=1.0):
        super().__init__()
        self.layer, self.rate = layer, rate
        self.bias = nn.Parameter(torch.zeros(layer.weight.shape[0]))

    def forward(self, x):
        weight = self.layer.weight * self.rate / self.layer.weight[0].numel() ** 0.5
        if weight.dim() == 2:
            return F.linear(x, weight, self.bias * self.rate)
        return F.conv2d(x, weight, self.bias * self.rate, padding=weight.shape[2] // 2)


def leaky(x):
    return F.leaky_relu(x, 0.2) * 2**0.5


def linear(a, b, rate=1.0):
    return Equal(nn.Linear(a, b, bias=False), rate)


def one_hot(labels, classes):
    return F.one_hot(labels.long(), classes).double()


def unit(x):
    return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()


class Mapping(nn.Module):
    def __init__(self, latents, depth, classes=0):
        super().__init__()
        self.classes = classes
        self.embed = linear(classes, latents) if classes else None
        first = 2 * latents if classes else latents
        self.layers = nn.ModuleList(linear(latents if i else first, latents, 0.01) for i in range(depth))

    def forward(self, z, labels=None):
        x = unit(z)
        if labels is not None:
            x = torch.cat([x, unit(self.embed(one_hot(labels, self.classes)))], 1)
        for layer in self.layers:
            x = leaky(layer(x))
        return x


class Holder(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.conv = conv


def modulate(x, weight, style, demodulate):
    """By a weight of each image's own."""
    w = weight[None] * style[:, None, :, None, None]
    if demodulate:
        w = w / (w.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).sqrt()
    else:
        w = w / weight[0].numel() ** 0.5
    n, out = w.shape[:2]
    return torch.cat([F.conv2d(x[i : i + 1], w[i], padding=weight.shape[2] // 2) for i in range(n)])


class Modulated(nn.Module):
    def __init__(self, latents, a, b):
        super().__init__()
        self.affine = linear(latents, a)
        self.conv = Holder(nn.Conv2d(a, b, 3, bias=False))
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(b))

    def forward(self, x, w):
        h = modulate(x, self.conv.conv.weight, self.affine(w), True)
        return leaky(h + self.bias[:, None, None])


class Instance(nn.Module):
    def __init__(self, latents, a, b):
        super().__init__()
        self.affine = linear(latents, 2 * b)
        self.conv = Equal(nn.Conv2d(a, b, 3, bias=False))
        self.strength = nn.Parameter(torch.zeros(b))

    def forward(self, x, w):
        scale, shift = self.affine(w)[:, :, None, None].chunk(2, 1)
        return F.instance_norm(leaky(self.conv(x)), eps=1e-5) * (1 + scale) + shift


class Colours(nn.Module):
    def __init__(self, latents, a, b):
        super().__init__()
        self.affine = linear(latents, a)
        self.conv = Holder(nn.Conv2d(a, b, 1, bias=False))
        self.bias = nn.Parameter(torch.zeros(b))

    def forward(self, x, w):
        return modulate(x, self.conv.conv.weight, self.affine(w), False) + self.bias[:, None, None]


class SynthesisBlock(nn.Module):
    def __init__(self, layer, latents, a, b, imageChannels):
        super().__init__()
        self.convs = nn.ModuleList([layer(latents, b, b)] if a is None else [layer(latents, a, b), layer(latents, b, b)])
        self.colours = Colours(latents, b, imageChannels)


class StyleGenerator(nn.Module):
    def __init__(self, imageSize, imageChannels, latents, baseChannels, mapping, styles, classes=0):
        super().__init__()
        channels = sizes(imageSize, baseChannels)
        layer = Modulated if styles == "weights" else Instance
        self.mapping = Mapping(latents, **mapping, classes=classes)
        self.mapping.register_buffer("mean", torch.zeros(latents))
        self.constant = nn.Parameter(torch.zeros(1, 4, 4, channels[0]))
        self.blocks = nn.ModuleList(
            SynthesisBlock(layer, latents, a, b, imageChannels) for a, b in zip([None, *channels], channels)
        )

    def synthesize(self, ws):
        x, image, i = self.constant.permute(0, 3, 1, 2).expand(len(ws), -1, -1, -1), None, 0
        for n, block in enumerate(self.blocks):
            x = bilinear(x) if n else x
            for conv in block.convs:
                x, i = conv(x, ws[:, i]), i + 1
            colours = block.colours(x, ws[:, i])
            image = colours if image is None else bilinear(image) + colours
        return image

    def forward(self, z, labels=None):
        return self.synthesize(self.mapping(z, labels)[:, None].expand(-1, 2 * len(self.blocks), -1))


class StyleDownBlock(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        conv = lambda a, b, k: Equal(nn.Conv2d(a, b, k, bias=False))
        self.conv1, self.conv2, self.shortcut = conv(a, a, 3), conv(a, b, 3), conv(a, b, 1)

    def forward(self, x):
        h = F.avg_pool2d(leaky(self.conv2(leaky(self.conv1(x)))), 2)
        return (h + self.shortcut(F.avg_pool2d(x, 2))) / 2**0.5


class StyleDiscriminator(nn.Module):
    def __init__(self, imageSize, imageChannels, baseChannels, classes=0, **_):
        super().__init__()
        channels = channels_of(imageSize, baseChannels)
        inner = channels[-1]
        self.classes = classes
        self.add_module("from", Equal(nn.Conv2d(imageChannels, channels[0], 1, bias=False)))
        self.blocks = nn.ModuleList(StyleDownBlock(a, b) for a, b in zip([channels[0], *channels], channels))
        self.conv = Equal(nn.Conv2d(inner + 1, inner, 3, bias=False))
        self.dense, self.out = linear(16 * inner, inner), linear(inner, 1)
        self.embed = linear(classes, inner) if classes else None

    def forward(self, x, labels=None):
        x = leaky(getattr(self, "from")(x))
        for block in self.blocks:
            x = block(x)
        # One group of all the images: the batch is smaller than 4.
        deviation = (x.var(dim=0, unbiased=False) + 1e-8).sqrt().mean()
        x = torch.cat([x, deviation.expand(len(x), 1, 4, 4)], 1)
        x = leaky(self.conv(x)).permute(0, 2, 3, 1).flatten(1)
        h = leaky(self.dense(x))
        logit = self.out(h).squeeze(1)
        if labels is None:
            return logit
        return logit + (self.embed(one_hot(labels, self.classes)) * h).sum(1) / h.shape[1] ** 0.5


def network_case(name, config, model, inputs, probe):
    """Outputs in training, and the gradients of their sum, weighted."""
    weighted = lambda m, **given: {"loss": (m(**given) * probe).sum()}
    return case(model, {"name": name, "config": config, "probe": pack(probe)}, inputs, weighted, lambda m, **given: {"output": m(**given)})


def networks():
    resnet = dict(imageSize=8, imageChannels=2, latents=3, baseChannels=3, classes=4)
    judge = {**resnet, "head": "projection"}
    labels = torch.tensor([1, 3])
    labelled = dict(z=numbers(2, 3), labels=labels)
    patch = dict(imageChannels=2, baseChannels=3, depth=2)
    r3 = dict(imageSize=8, imageChannels=2, latents=3, baseChannels=3, blocks=1)
    style = dict(imageSize=8, imageChannels=2, latents=3, baseChannels=3, mapping=dict(depth=2))
    cases = [
        ("ResNetGenerator", resnet, ResNetGenerator(**resnet), labelled, image(2, 8, 8, 2)),
        ("ResNetDiscriminator", judge, ResNetDiscriminator(**judge), dict(x=image(2, 8, 8, 2), labels=labels), numbers(2)),
        ("PatchDiscriminator", patch, Patch(**patch), dict(x=image(2, 24, 24, 2)), numbers(2, 4, 4)),
        ("R3GANGenerator", r3, R3Generator(**r3), dict(z=numbers(2, 3)), image(2, 8, 8, 2)),
        ("R3GANDiscriminator", r3, R3Discriminator(**r3), dict(x=image(2, 8, 8, 2)), numbers(2)),
        *(
            ("StyleGenerator", config, StyleGenerator(**config), dict(z=numbers(2, 3)), image(2, 8, 8, 2))
            for config in ({**style, "styles": "weights"}, {**style, "styles": "adain"})
        ),
        ("StyleDiscriminator", style, StyleDiscriminator(**style), dict(x=image(2, 8, 8, 2)), numbers(2)),
    ]
    return [network_case(*c) for c in cases] + [network_case(*c) for c in conditional(r3, style, labels)]


def conditional(r3, style, labels):
    r3, style = ({**config, "classes": 4} for config in (r3, style))
    styles = {**style, "styles": "weights"}
    labelled = dict(z=numbers(2, 3), labels=labels)
    seen = dict(x=image(2, 8, 8, 2), labels=labels)
    return [
        ("R3GANGenerator", r3, R3Generator(**r3), labelled, image(2, 8, 8, 2)),
        ("R3GANDiscriminator", r3, R3Discriminator(**r3), seen, numbers(2)),
        ("StyleGenerator", styles, StyleGenerator(**styles), labelled, image(2, 8, 8, 2)),
        ("StyleDiscriminator", style, StyleDiscriminator(**style), seen, numbers(2)),
    ]


if __name__ == "__main__":
    write("gan", "dcgan.json", dcgan_case())
    torch.manual_seed(1)
    write("gan", "parts.json", parts())
    torch.manual_seed(2)
    write("gan", "networks.json", networks())

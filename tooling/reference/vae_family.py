"""Values of the losses and quantisers of @gen/vae, by PyTorch's distributions and its differentiation, in float64.

`python tooling/reference/vae_family.py` (torch 2.4 or later) writes packages/vae/test/fixtures/vae-family.json. All
given numbers are exact in float32.
"""

import json
import math
from pathlib import Path

import torch
from torch.distributions import Independent, Normal, kl_divergence

torch.manual_seed(0)
OUT = Path(__file__).resolve().parents[2] / "packages" / "vae" / "test" / "fixtures" / "vae-family.json"


def numbers(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).float().double()


def total_correlation():
    """Minibatch-weighted sampling, one pair at a time."""
    n, d, count = 5, 3, 40
    mean, log_variance, z = numbers(n, d), numbers(n, d, scale=0.5), numbers(n, d)
    mean.requires_grad_()
    q = [Normal(mean[j], (0.5 * log_variance[j]).exp()) for j in range(n)]
    mutual, correlation, dimensions = 0.0, 0.0, 0.0
    for i in range(n):
        each = torch.stack([q[j].log_prob(z[i]) for j in range(n)])
        joint = torch.logsumexp(each.sum(1), 0) - math.log(count * n)
        product = (torch.logsumexp(each, 0) - math.log(count * n)).sum()
        mutual = mutual + (q[i].log_prob(z[i]).sum() - joint) / n
        correlation = correlation + (joint - product) / n
        dimensions = dimensions + (product - Normal(0.0, 1.0).log_prob(z[i]).sum()) / n
    (0.5 * mutual + 6 * correlation + 2 * dimensions).backward()
    return dict(
        count=count, mean=mean.tolist(), logVariance=log_variance.tolist(), z=z.tolist(),
        parts=[mutual.item(), correlation.item(), dimensions.item()], gradient=mean.grad.tolist(),
    )


def gaussian_kl():
    p, q = [(numbers(2, 3), numbers(2, 3, scale=0.5)) for _ in range(2)]
    normal = lambda m, v: Independent(Normal(m, (0.5 * v).exp()), 1)
    return dict(
        p=[t.tolist() for t in p], q=[t.tolist() for t in q],
        kl=kl_divergence(normal(*p), normal(*q)).tolist(),
    )


def finite_scalar():
    """Finite scalar quantisation (arXiv:2309.15505, appendix A.1) with the exact inverse of tanh as the shift."""
    levels = torch.tensor([8, 5, 4, 3])
    z = numbers(6, 4, scale=1.5).requires_grad_()
    half = (levels - 1) * (1 - 1e-3) / 2
    offset = torch.where(levels % 2 == 0, 0.5, 0.0).double()
    shift = torch.atanh(offset / half)
    bounded = torch.tanh(z + shift) * half - offset
    rounded = bounded + (bounded.round() - bounded).detach()
    codes = rounded / (levels // 2)
    weights = numbers(6, 4)
    (codes * weights).sum().backward()
    basis = torch.tensor([1, 8, 40, 160])
    indices = ((codes.detach() * (levels // 2) + levels // 2) * basis).sum(1).round().int()
    return dict(
        levels=levels.tolist(), z=z.tolist(), weights=weights.tolist(), codes=codes.tolist(),
        indices=indices.tolist(), gradient=z.grad.tolist(),
    )


def moving_average():
    """Three steps of the moving averages of van den Oord et al. 2017, appendix A.1, and the losses of each."""
    codes, features, decay, epsilon = 4, 2, 0.9, 1e-5
    book = numbers(codes, features)
    size, total = torch.ones(codes).double(), book.clone()
    start, steps = book.tolist(), []
    for _ in range(3):
        z = numbers(8, features)
        nearest = torch.cdist(z, book).argmin(1)
        commitment = 0.25 * (z - book[nearest]).square().mean()
        one_hot = torch.nn.functional.one_hot(nearest, codes).double()
        size = decay * size + (1 - decay) * one_hot.sum(0)
        total = decay * total + (1 - decay) * one_hot.T @ z
        p = one_hot.mean(0)
        perplexity = torch.special.entr(p).sum().exp()
        smoothed = (size + epsilon) / (size.sum() + codes * epsilon) * size.sum()
        book = total / smoothed[:, None]
        steps.append(dict(
            z=z.tolist(), indices=nearest.tolist(), loss=commitment.item(),
            perplexity=perplexity.item(), codebook=book.tolist(),
        ))
    return dict(decay=decay, start=start, steps=steps)


def entropies():
    """Lookup-free quantisation: the entropy of each bit given z, and of its mean."""
    z = numbers(7, 3).requires_grad_()
    p = torch.sigmoid(4 * z / 0.5)
    entropy = lambda p: (torch.special.entr(p) + torch.special.entr(1 - p)).sum(-1)
    conditional, marginal = entropy(p).mean(), entropy(p.mean(0))
    commitment = (z - torch.sign(z).detach()).square().mean()
    (0.1 * (conditional - marginal) + 0.25 * commitment).backward()
    return dict(
        z=z.tolist(), temperature=0.5, gradient=z.grad.tolist(),
        loss=(0.1 * (conditional - marginal) + 0.25 * commitment).item(),
    )


def adaptive_weight():
    w, h, target, direction = numbers(4, 3), numbers(5, 4), numbers(5, 3), numbers(3)
    w.requires_grad_()
    out = h @ w
    first = torch.autograd.grad((out - target).abs().mean(), w, retain_graph=True)[0]
    second = torch.autograd.grad(-(out @ direction).mean(), w)[0]
    return dict(
        weight=w.tolist(), h=h.tolist(), target=target.tolist(), direction=direction.tolist(),
        value=(first.norm() / (second.norm() + 1e-4)).item(),
    )


def perceptual():
    layers = [(image(2, 3, 4), image(2, 3, 4)), (image(2, 2, 5), image(2, 2, 5))]
    value = 0
    for a, b in layers:
        unit = lambda t: t / (t.square().sum(-1, keepdim=True).sqrt() + 1e-10)
        value = value + (unit(a) - unit(b)).square().sum(-1).mean((1, 2))
    return dict(layers=[[a.tolist(), b.tolist()] for a, b in layers], value=value.mean().item())


def image(n, size, channels):
    return numbers(n, size, size, channels)


if __name__ == "__main__":
    cases = dict(
        totalCorrelation=total_correlation(), gaussianKl=gaussian_kl(), finiteScalar=finite_scalar(),
        movingAverage=moving_average(), entropies=entropies(), adaptiveWeight=adaptive_weight(),
        perceptual=perceptual(),
    )
    OUT.write_text(json.dumps(cases) + "\n")

"""Reference values of @gen/probability's distributions and estimators on tensors.

Run: python tooling/reference/probability.py   (numpy, scipy, torch 2.4 or later, mpmath)
Writes packages/probability/test/fixtures/distributions.json. Log-densities, moments, entropies, divergences and
gradients are those of torch.distributions in float64; discretised logistics and kernels, which it does not have, are
computed from their definitions, the logistics with 1500 digits, since their tails cancel. All inputs are exact in float32.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import torch
from scipy import special, stats
from torch import distributions as D

OUT = Path(__file__).resolve().parents[2] / "packages/probability/test/fixtures/distributions.json"
torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
mpmath.mp.dps = 1500


def exact(t):
    return t.float().double()


def pack(t):
    t = torch.as_tensor(t, dtype=torch.float64).detach()
    numbers = [float(f"{v:.9g}") for v in t.contiguous().numpy().ravel()]
    # JSON has no infinities: they are written as strings.
    return {"shape": list(t.shape), "data": [v if np.isfinite(v) else str(v).replace("inf", "Infinity") for v in numbers]}


def case(name, make, a, b, x, event_rank=0):
    """Parameters a (of p) and b (of q), points x [n, ...]."""
    a = [v.clone().requires_grad_() for v in a]
    x = x.clone()
    if x.is_floating_point():
        x.requires_grad_()
    wrap = (lambda d: D.Independent(d, event_rank)) if event_rank else (lambda d: d)
    p, q = wrap(make(*a)), wrap(make(*b))
    log_prob = p.log_prob(x)
    wanted = a + ([x] if x.requires_grad and name not in ("bernoulli", "categorical") else [])
    gradients = torch.autograd.grad(log_prob[torch.isfinite(log_prob)].sum(), wanted, allow_unused=True)
    out = {"p": [pack(v) for v in a], "q": [pack(v) for v in b], "x": pack(x), "logProb": pack(log_prob),
           "gradients": [pack(g if g is not None else torch.zeros_like(w)) for g, w in zip(gradients, wanted)]}
    for key, value in (("entropy", lambda: p.entropy()), ("kl", lambda: D.kl_divergence(p, q)),
                       ("reverseKl", lambda: D.kl_divergence(q, p)), ("mean", lambda: p.mean),
                       ("variance", lambda: p.variance)):
        try:
            v = value()
        except NotImplementedError:
            continue
        if not torch.isnan(v).any():
            out[key] = pack(v)
    return out


def n(*shape, scale=1.0):
    return exact(torch.randn(*shape) * scale)


def positive(*shape):
    return exact(torch.rand(*shape) + 0.3)


cases = {
    "gaussian": case("gaussian", D.Normal, [n(3), positive(3)], [n(3), positive(3)], n(4, 3, scale=2)),
    "diagonalGaussian": case("diagonalGaussian", D.Normal, [n(2, 3), positive(2, 3)], [n(2, 3), positive(2, 3)],
                             n(4, 2, 3), 1),
    "laplace": case("laplace", D.Laplace, [n(3), positive(3)], [n(3), positive(3)], n(4, 3, scale=2)),
    "gumbelDistribution": case("gumbelDistribution", D.Gumbel, [n(3), positive(3)], [n(3), positive(3)], n(4, 3, scale=2)),
    "uniformDistribution": case("uniformDistribution", lambda a, b: D.Uniform(a, b, validate_args=False),
                                [torch.tensor([-1.0, 0.5]), torch.tensor([1.0, 3.0])],
                                [torch.tensor([-2.0, 1.0]), torch.tensor([1.5, 4.0])],
                                torch.tensor([[0.0, 1.0], [-1.0, 2.5], [1.5, 0.25]])),
    "bernoulli": case("bernoulli", lambda l: D.Bernoulli(logits=l), [n(2, 3, scale=3)], [n(2, 3)],
                      torch.tensor([[[0.0, 1, 1], [1, 0, 1]], [[1, 1, 0], [0, 0, 1]]])),
    "categorical": case("categorical", lambda l: D.Categorical(logits=l), [n(2, 4, scale=2)], [n(2, 4)],
                        torch.tensor([[0, 3], [1, 2], [2, 0]])),
    "mixture": case("mixture", lambda w, m, s: D.MixtureSameFamily(D.Categorical(logits=w), D.Normal(m, s)),
                    [n(2, 3), n(2, 3, scale=2), positive(2, 3)], [n(2, 3), n(2, 3), positive(2, 3)], n(5, 2, scale=3)),
    "vectorMixture": case("vectorMixture",
                          lambda w, m, s: D.MixtureSameFamily(D.Categorical(logits=w), D.Independent(D.Normal(m, s), 1)),
                          [n(3), n(3, 2, scale=2), positive(3, 2)], [n(3), n(3, 2), positive(3, 2)], n(5, 2, scale=3)),
}
cov = np.array([[2.0, 0.5, -0.25], [0.5, 1.0, 0.125], [-0.25, 0.125, 0.75]])
cases["correlatedGaussian"] = case("correlatedGaussian",
                                   lambda m: D.MultivariateNormal(m, torch.tensor(cov)), [n(3)], [n(3)], n(4, 3))
cases["correlatedGaussian"]["covariance"] = cov.tolist()

loc, scale, x = n(3), positive(3), n(4, 3, scale=20)
cases["logistic"] = {"p": [pack(loc), pack(scale)], "x": pack(x),
                     "logProb": pack(stats.logistic.logpdf(x.numpy(), loc.numpy(), scale.numpy())),
                     "entropy": pack(stats.logistic(loc.numpy(), scale.numpy()).entropy()),
                     "mean": pack(loc), "variance": pack(stats.logistic.var(loc.numpy(), scale.numpy()))}


def sigma(v):
    return 1 / (1 + mpmath.exp(-v))


def level(k, levels=256):
    return mpmath.mpf(2 * k) / (levels - 1) - 1


def mass(k, loc, log_scale, levels=256):
    """The mass of level k by its definition."""
    half, s = mpmath.mpf(1) / (levels - 1), mpmath.exp(mpmath.mpf(log_scale))
    upper = mpmath.mpf(1) if k == levels - 1 else sigma((level(k, levels) + half - loc) / s)
    lower = mpmath.mpf(0) if k == 0 else sigma((level(k, levels) - half - loc) / s)
    return upper - lower


discretized = []
for loc, log_scale in [(0.1, -2), (0.1, -7), (-1.5, -3), (0.5, 2), (0.9375, -5)]:
    ks = [0, 1, 64, 127, 140, 200, 254, 255]
    masses = [mass(k, loc, log_scale) for k in range(256)]
    mean = sum(m * level(k) for k, m in enumerate(masses))
    discretized.append({
        "loc": loc, "logScale": log_scale, "levels": ks,
        "logProb": [float(mpmath.log(mass(k, loc, log_scale))) for k in ks],
        "mean": float(mean),
        "variance": float(sum(m * (level(k) - mean) ** 2 for k, m in enumerate(masses)))})

K = 2
parameters = n(3, 10 * K)
pixels = np.array([[0, 128, 255], [30, 31, 200], [255, 255, 7]])
color = []
for row, pixel in zip(parameters.tolist(), pixels):
    rest = [row[K + 3 * K * c: K + 3 * K * (c + 1)] for c in range(3)]
    weights = np.exp(special.log_softmax(row[:K]))
    r, g, _ = [level(int(k)) for k in pixel]
    total = mpmath.mpf(0)
    for k in range(K):
        mu, s, co = ([rest[c][j * K + k] for c in range(3)] for j in range(3))
        co = [mpmath.tanh(v) for v in co]
        means = [mu[0], mu[1] + co[0] * r, mu[2] + co[1] * r + co[2] * g]
        product = mpmath.mpf(weights[k])
        for c in range(3):
            product *= mass(int(pixel[c]), means[c], max(s[c], -7))
        total += product
    color.append(float(mpmath.log(total)))

a, b = n(6, 3), exact(n(5, 3) + 0.5)


def mmd(kernel, unbiased):
    def within(u):
        k = kernel(u, u)
        m = len(u)
        return (k.sum() - k.trace()) / (m * (m - 1)) if unbiased else k.mean()
    return float(within(a) + within(b) - 2 * kernel(a, b).mean())


def rbf(u, v):
    d = torch.cdist(u, v) ** 2
    return sum(torch.exp(-d / (2 * h * h)) for h in (0.5, 2.0))


def poly(u, v):
    return (u @ v.T / 3 + 1) ** 3


def imq(u, v):
    d = torch.cdist(u, v) ** 2
    return sum(c / (c + d) for c in (1.0, 6.0))


kernels = {name: {"unbiased": mmd(k, True), "biased": mmd(k, False)}
           for name, k in (("rbf", rbf), ("polynomial", poly), ("inverseMultiquadratic", imq))}

grid = [0.001, 0.1, 0.5, 1, 1.5, 2, 3.7, 10, 14.999, 15, 100, 1e6]
OUT.write_text(json.dumps({
    "cases": cases,
    "discretized": discretized,
    "color": {"parameters": pack(parameters), "pixels": pixels.tolist(), "logProb": color},
    "kernels": {"x": pack(a), "y": pack(b), "values": kernels},
    "logGamma": {"x": grid, "value": [float(mpmath.loggamma(v)) for v in grid]},
}) + "\n")
print(OUT.stat().st_size)

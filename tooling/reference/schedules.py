"""Golden numbers of @gen/schedules: tables, grids, quantiles and tails by NumPy, SciPy and mpmath, from the formulas of
the papers.

Run `python tooling/reference/schedules.py` (numpy, scipy, mpmath) to write packages/schedules/test/fixtures/schedules.json.
"""

import json
import math
from pathlib import Path

import mpmath
import numpy as np
from scipy import stats

FIXTURE = Path(__file__).resolve().parents[2] / "packages/schedules/test/fixtures/schedules.json"
PLACES = [0, 1, 250, 499, 777, 998, 999]
U = [1e-9, 1e-4, 0.03, 0.25, 0.5, 0.71, 0.99, 0.9999]


def table(betas):
    betas = np.asarray(betas, dtype=np.float64)
    bars = np.cumprod(1 - betas)
    return {"betas": betas[PLACES].tolist(), "alphasBar": bars[PLACES].tolist()}


def betas_for(alpha_bar, steps=1000, largest=0.999):
    return [min(largest, 1 - alpha_bar((i + 1) / steps) / alpha_bar(i / steps)) for i in range(steps)]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def jabri(t, start=-3, end=3, tau=1.0):
    first, last = sigmoid(start / tau), sigmoid(end / tau)
    return (last - sigmoid((t * (end - start) + start) / tau)) / (last - first)


def zero_snr(betas):
    roots = np.sqrt(np.cumprod(1 - np.asarray(betas)))
    first, last = roots[0], roots[-1]
    roots = (roots - last) * first / (first - last)
    bars = roots**2
    return 1 - np.concatenate([bars[:1], bars[1:] / bars[:-1]])


def warmup(share):
    betas = np.full(1000, 0.02)
    n = int(1000 * share)
    betas[:n] = np.linspace(1e-4, 0.02, n)
    return betas


scaled = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
linear = np.linspace(1e-4, 0.02, 1000)
tables = {
    "linear": table(linear),
    "scaledLinear": table(scaled),
    "sqrt": table(np.linspace(1e-4, 0.02, 1000) ** 0.5),
    "sigmoid": table(sigmoid(np.linspace(-6, 6, 1000)) * (0.02 - 1e-4) + 1e-4),
    "constant": table(np.full(1000, 0.02)),
    "warmup10": table(warmup(0.1)),
    "warmup50": table(warmup(0.5)),
    "cosine": table(betas_for(lambda t: math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2)),
    "jabri": table(betas_for(jabri)),
    "jabri tau .7": table(betas_for(lambda t: jabri(t, 0, 3, 0.7))),
    "linear, zero SNR": table(zero_snr(linear)),
    "scaledLinear, zero SNR": table(zero_snr(scaled)),
}

ramp = np.linspace(1, 0, 10)
grids = {
    "beta .6 .6": (0.002 + stats.beta.ppf(1 - np.linspace(0, 1, 10), 0.6, 0.6) * (80 - 0.002)).tolist(),
    "beta 2 .5": (0.03 + stats.beta.ppf(1 - np.linspace(0, 1, 10), 2, 0.5) * (14 - 0.03)).tolist(),
    "exponential": np.exp(np.linspace(math.log(80), math.log(0.002), 10)).tolist(),
    "polyexponential 3": np.exp(ramp**3 * math.log(80 / 0.002) + math.log(0.002)).tolist(),
}

spacings = {}
for total, steps in [(1000, 10), (1000, 7), (1000, 50), (1000, 999), (100, 3)]:
    spacings[f"{total} {steps}"] = {
        "linspace": np.linspace(0, total - 1, steps).round()[::-1].tolist(),
        "leading": (np.arange(steps) * (total // steps)).round()[::-1].tolist(),
        "trailing": (np.round(np.arange(total, 0, -total / steps)) - 1).tolist()[:steps],
    }


def cosine_interpolated(u, image, low, high, sigma_data=1.0, least=1e-3, most=1e3):
    def cosine(t, snr_min, snr_max):
        t_min, t_max = math.atan(math.exp(-0.5 * snr_max)), math.atan(math.exp(-0.5 * snr_min))
        return -2 * np.log(np.tan(t_min + t * (t_max - t_min)))

    def shifted(t, noise):
        shift = 2 * math.log(noise / image)
        return cosine(t, snr_min - shift, snr_max - shift) + shift

    snr_max, snr_min = -2 * math.log(least / sigma_data), -2 * math.log(most / sigma_data)
    return np.exp(-0.5 * (u * shifted(u, low) + (1 - u) * shifted(u, high))) * sigma_data


def mode(u, scale=1.29):
    v = 1 - u
    return float(1 - v - mpmath.mpf(scale) * (mpmath.cos(mpmath.pi * v / 2) ** 2 - 1 + v))


mpmath.mp.dps = 60
u = np.asarray(U)
truncated = stats.logistic.cdf(math.log(80), -1, 0.7) - stats.logistic.cdf(math.log(0.002), -1, 0.7)
quantiles = {
    "u": U,
    "normal": stats.norm.ppf(u).tolist(),
    "logNormal": np.exp(-1.2 + 1.2 * stats.norm.ppf(u)).tolist(),
    "logitNormal": sigmoid(0.3 + 0.8 * stats.norm.ppf(u)).tolist(),
    "mode 1.29": [mode(mpmath.mpf(value)) for value in U],
    "cosMap": [float(1 - 1 / (mpmath.tan(mpmath.pi * mpmath.mpf(value) / 2) + 1)) for value in U],
    "logLogistic": np.exp(
        stats.logistic.ppf(stats.logistic.cdf(math.log(0.002), -1, 0.7) + u * truncated, -1, 0.7)
    ).tolist(),
    "vDiffusion": (
        np.tan((math.atan(0.01 / 0.5) + u * (math.atan(160) - math.atan(0.01 / 0.5)))) * 0.5
    ).tolist(),
    "cosineInterpolated": cosine_interpolated(u, 256, 32, 64, 0.5).tolist(),
}


def decoder(x, mean, std):
    half = mpmath.mpf(1) / 255
    low = -mpmath.inf if x < -0.999 else (mpmath.mpf(x) - half - mpmath.mpf(mean)) / mpmath.mpf(std)
    high = mpmath.inf if x > 0.999 else (mpmath.mpf(x) + half - mpmath.mpf(mean)) / mpmath.mpf(std)
    if low + high < 0:
        low, high = -high, -low
    tail = lambda value: mpmath.erfc(value / mpmath.sqrt(2)) / 2
    return float(mpmath.log(tail(low) - tail(high)))


bins = [
    (2 * k / 255 - 1, mean, std)
    for k in [0, 1, 100, 128, 254, 255]
    for mean, std in [(0.1, 0.01), (-0.2, 0.3), (-0.9, 0.002), (1.1, 0.05)]
]
FIXTURE.parent.mkdir(parents=True, exist_ok=True)
FIXTURE.write_text(
    json.dumps(
        {
            "places": PLACES,
            "tables": tables,
            "grids": grids,
            "spacings": spacings,
            "quantiles": quantiles,
            "decoder": [[*bin, decoder(*bin)] for bin in bins],
        }
    )
    + "\n"
)

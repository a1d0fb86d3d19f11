"""Reference values of @gen/metrics, by NumPy, SciPy, scikit-learn and PyTorch (float64).

Run `python tooling/reference/metrics.py` (numpy, scipy, scikit-learn, torch 2.4 or later) to write
packages/metrics/test/fixtures/metrics.json: two small sets of features, a few images, and what each score makes of
them. Wherever a library has the calculation, it is the library's; the rest is written the slow way, by definition.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from scipy import linalg, ndimage, stats
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

FIXTURE = Path(__file__).resolve().parents[2] / "packages/metrics/test/fixtures/metrics.json"
DIMS = 6
random = np.random.default_rng(0)


def rounded(values):
    """Six decimals, so that the file is small and both sides read the same numbers."""
    return np.round(values, 6)


def frechet(a, b):
    difference = a.mean(0) - b.mean(0)
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(first @ second)
    return float(difference @ difference + np.trace(first + second - 2 * root.real))


def nuclear(a, b):
    """tr (ΣaΣb)^½ without a product of covariances: the sum of singular values of the centred sets' product."""
    a = (a - a.mean(0)) / math.sqrt(len(a) - 1)
    b = (b - b.mean(0)) / math.sqrt(len(b) - 1)
    return float(np.linalg.norm(a @ b.T, "nuc"))


def unbiased(kernel, a, b):
    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (kernel(a, a), kernel(b, b))]
    return float(sum(within) - 2 * kernel(a, b).mean())


def mmd(kernel, a, b):
    leave = lambda rows, i: np.delete(rows, i, axis=0)
    without_a = np.array([unbiased(kernel, leave(a, i), b) for i in range(len(a))])
    without_b = np.array([unbiased(kernel, a, leave(b, i)) for i in range(len(b))])
    jackknife = lambda values: (len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum()
    return {
        "squared": unbiased(kernel, a, b),
        "biased": float(kernel(a, a).mean() + kernel(b, b).mean() - 2 * kernel(a, b).mean()),
        "standardError": math.sqrt(jackknife(without_a) + jackknife(without_b)),
    }


def manifolds(generated, real, k):
    radius = lambda rows: NearestNeighbors(n_neighbors=k + 1).fit(rows).kneighbors(rows)[0][:, k]
    distance = linalg.norm(generated[:, None] - real[None], axis=-1)
    in_real = distance <= radius(real)[None]
    in_generated = distance <= radius(generated)[:, None]
    return {
        "precision": float(in_real.any(1).mean()),
        "recall": float(in_generated.any(0).mean()),
        "density": float(in_real.sum() / (k * len(generated))),
        "coverage": float(in_real.any(0).mean()),
    }


def inception_score(probabilities, splits):
    scores = []
    for part in np.array_split(probabilities, splits):
        marginal = part.mean(0)
        scores.append(math.exp(np.mean([stats.entropy(row, marginal) for row in part])))
    return {"score": float(np.mean(scores)), "deviation": float(np.std(scores))}


def sliced(a, b, directions):
    first, second = a @ directions.T, b @ directions.T
    one = [stats.wasserstein_distance(first[:, i], second[:, i]) for i in range(len(directions))]
    length = math.lcm(len(a), len(b))
    spread = lambda rows: np.sort(np.repeat(rows, length // len(rows), axis=0), axis=0)
    two = ((spread(first) - spread(second)) ** 2).mean(0)
    return {"one": one, "two": two.tolist()}


def ssim(a, b, data_range):
    """Window 11, σ 1.5: SciPy's filter, cut at 3.5 σ, without the 5 pixels at the edge."""
    blur = lambda plane: ndimage.gaussian_filter(plane, 1.5, truncate=3.5)[5:-5, 5:-5]
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    values = []
    for channel in range(a.shape[-1]):
        x, y = a[..., channel], b[..., channel]
        mx, my = blur(x), blur(y)
        vx, vy, vxy = blur(x * x) - mx * mx, blur(y * y) - my * my, blur(x * y) - mx * my
        values.append((2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return float(np.mean(values))


def perceptual(layers_a, layers_b, weights):
    total = 0
    for a, b, weight in zip(layers_a, layers_b, weights):
        a, b, weight = (torch.tensor(x, dtype=torch.float64) for x in (a, b, weight))
        unit = lambda x: x / (torch.linalg.vector_norm(x, dim=-1, keepdim=True) + 1e-10)
        total = total + ((unit(a) - unit(b)) ** 2 * weight).sum(-1).mean((1, 2))
    return total.tolist()


def main():
    mix = random.normal(size=(DIMS, DIMS)) / 2
    generated = rounded(random.normal(size=(60, DIMS)) @ mix + 0.2)
    real = rounded(random.normal(size=(80, DIMS)) @ (mix + 0.3 * np.eye(DIMS)))
    wide = rounded(random.normal(size=(24, 40)) * np.geomspace(1, 1e-4, 40))
    wider = rounded(random.normal(size=(200, 40)) * np.geomspace(1, 1e-4, 40))
    logits = rounded(3 * random.normal(size=(57, 7)))
    probabilities = torch.softmax(torch.tensor(logits), 1).numpy()
    directions = random.normal(size=(9, DIMS))
    directions = rounded(directions / linalg.norm(directions, axis=1, keepdims=True))
    sizes = list(range(200, 2001, 150))
    scores = rounded(3 + 50 / np.array(sizes) + 0.01 * random.normal(size=len(sizes)))
    slope, intercept = np.polyfit(1 / np.array(sizes), scores, 1)

    poly = lambda a, b: polynomial_kernel(a, b, degree=3, gamma=1 / DIMS, coef0=1)
    gauss = lambda a, b: rbf_kernel(a, b, gamma=1 / (2 * 1.5**2))
    unit = lambda rows: rows / linalg.norm(rows, axis=1, keepdims=True)
    cmmd = lambda a, b: rbf_kernel(a, b, gamma=1 / 200)

    training = np.concatenate([generated[:30], real[:30]])
    held_out = np.concatenate([generated[30:], real[30:60]])
    voters = KNeighborsClassifier(7).fit(training, [0] * 30 + [1] * 30)
    told = voters.predict(held_out)
    right = [int((told[:30] == 0).sum()), int((told[30:] == 1).sum())]

    image = rounded(random.uniform(-1, 1, size=(2, 13, 17, 3)))
    other = rounded(np.clip(image + 0.3 * random.normal(size=image.shape), -1, 1))
    square = ((image - other) ** 2).mean((1, 2, 3))
    shapes = [(2, 4, 3, 5), (2, 2, 2, 3)]
    layers_a = [rounded(random.normal(size=shape)) for shape in shapes]
    layers_b = [rounded(random.normal(size=shape)) for shape in shapes]
    weights = [rounded(random.uniform(size=shape[-1])) for shape in shapes]

    flat = lambda array: np.asarray(array).ravel().tolist()
    values = {
        "dims": DIMS,
        "generated": flat(generated),
        "real": flat(real),
        "frechet": frechet(generated, real),
        "wide": {"dims": 40, "few": flat(wide), "many": flat(wider), "trace": nuclear(wide, wider)},
        "line": {"sizes": sizes, "scores": flat(scores), "slope": float(slope), "intercept": float(intercept)},
        "polynomial": mmd(poly, generated, real),
        "kernelDistance": unbiased(poly, generated, real[:60]),
        "gaussian": mmd(gauss, generated, real),
        "cmmd": 1000 * mmd(cmmd, unit(generated), unit(real))["biased"],
        "manifolds": {str(k): manifolds(generated, real, k) for k in (1, 3, 5)},
        "logits": flat(logits),
        "classes": 7,
        "inception": {str(n): inception_score(probabilities, n) for n in (1, 3)},
        "directions": flat(directions),
        "sliced": sliced(generated, real, directions),
        "votes": {"k": 7, "half": 30, "right": right},
        "coin": [[n, k, float(stats.binom.sf(k - 1, n, 0.5))] for n, k in ((10, 8), (60, 30), (2000, 1077), (20000, 9000))],
        "wilson": [
            [k / n, n, *stats.binomtest(k, n).proportion_ci(0.95, method="wilson")] for n, k in ((20, 20), (50, 3), (10, 0))
        ],
        "images": {
            "shape": list(image.shape),
            "a": flat(image),
            "b": flat(other),
            "psnr": flat(10 * np.log10(4 / square)),
            "ssim": [ssim(x, y, 2) for x, y in zip(image, other)],
        },
        "layers": {
            "shapes": shapes,
            "a": [flat(x) for x in layers_a],
            "b": [flat(x) for x in layers_b],
            "weights": [flat(x) for x in weights],
            "distance": perceptual(layers_a, layers_b, weights),
        },
    }
    FIXTURE.write_text(json.dumps(values) + "\n")


main()

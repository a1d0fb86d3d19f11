"""The solvers of diffusers and k-diffusion whose golden numbers need PyTorch's generator, torchsde's Brownian tree or a
closer look, in NumPy (float64) from the formulas of the papers: UniPC and DPM-Solver++ on Karras' levels, singlestep
DPM-Solver++ with its stages at the given times, SA-Solver, DPM-Solver++ SDE and 2M SDE.

Each is checked against what diffusers' own tests assert (float32 there); run
`python tooling/reference/samplers.py --write` (numpy, torch) to write packages/samplers/test/fixtures/solvers.json: the
sum of |x|, some elements of it, and increments of the tree.

The sample is a ramp in [4, 3, 8, 8], the model is x·t/(t + 1).
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch

FIXTURE = Path(__file__).resolve().parents[2] / "packages/samplers/test/fixtures/solvers.json"
PLACES = [0, 1, 100, 250, 431, 600, 767]


def ramp(*shape):
    """The numbers k/n, the batch being the last axis in memory."""
    batch, *rest = shape
    size = math.prod(shape)
    return np.moveaxis((np.arange(size) / size).reshape(*rest, batch), -1, 0)


def levels(steps):
    """σ = b/a of a linear table."""
    bars = np.cumprod(1 - np.linspace(1e-4, 0.02, steps))
    return np.sqrt((1 - bars) / bars)


def place(sigma, table):
    """Where a level lies in a table, by its logarithm."""
    return np.interp(np.log(sigma), np.log(table), np.arange(len(table)))


def karras(n, table, rho=7):
    high, low = table[-1] ** (1 / rho), table[0] ** (1 / rho)
    return (high + np.linspace(0, 1, n) * (low - high)) ** rho


def whole_steps(n, table):
    return np.round(np.linspace(0, len(table) - 1, n + 1))[:0:-1].astype(int)


def coefficients(sigma):
    norm = np.sqrt(1 + sigma**2)
    return 1 / norm, sigma / norm


def predicted_data(x, sigma, t, kind):
    a, b = coefficients(sigma)
    out = x * t / (t + 1)
    return a * x - b * out if kind == "v" else (x - b * out) / a


def kept(x, start, end):
    """The part of an exponential step on the data that is linear in x, and what a constant prediction counts."""
    (_, b0), (a, b) = coefficients(start), coefficients(end)
    return b / b0 * x, a * (1 - end / start)


def line(start, end, newest, older, between):
    """D + slope·h/2: the line through two predictions at the middle of a step in log-SNR."""
    return newest + np.log(start / end) / 2 * (newest - older) / between


def dpm_multistep(x, sigmas, times, kind):
    """DPM-Solver++ 2M (arXiv:2211.01095, algorithm 2), all steps of order 2 but the first."""
    old = None
    for i, t in enumerate(times):
        data = predicted_data(x, sigmas[i], t, kind)
        guess = data if i == 0 else line(sigmas[i], sigmas[i + 1], data, old, np.log(sigmas[i - 1] / sigmas[i]))
        linear, weight = kept(x, sigmas[i], sigmas[i + 1])
        x, old = linear + weight * guess, data
    return x


def unipc(x, sigmas, times, kind):
    """UniPC-2 with B₂(h) = e^h - 1 on the data (arXiv:2302.04867, algorithms 5 to 8), the last step of order 1."""
    past, order, before = [], 0, None
    for i, t in enumerate(times):
        data = predicted_data(x, sigmas[i], t, kind)
        if i > 0:
            h = np.log(sigmas[i - 1] / sigmas[i])
            linear, weight = kept(before, sigmas[i - 1], sigmas[i])
            if order == 1:
                change = (data - past[-1]) / 2
            else:
                r = -np.log(sigmas[i - 2] / sigmas[i - 1]) / h
                phi1 = np.expm1(-h) / -h
                phi2 = (phi1 - 1) / -h
                phi3 = (phi2 - 1 / 2) / -h
                # A quadratic through three predictions: Σ ρ_j r_j^(k-1) = k!·h^k·φ_(k+1) / B.
                old, new = np.linalg.solve([[1, 1], [r, 1]], np.array([phi2, 2 * phi3]) / phi1)
                change = old * (past[-2] - past[-1]) / r + new * (data - past[-1])
            x = linear + weight * (past[-1] + change)
        past, before, order = [*past[-1:], data], x, min(2, i + 1, len(times) - i)
        linear, weight = kept(x, sigmas[i], sigmas[i + 1])
        guess = data
        if order == 2:
            guess = line(sigmas[i], sigmas[i + 1], data, past[-2], np.log(sigmas[i - 1] / sigmas[i]))
        x = linear + weight * guess
    return x


def singlestep(x, sigmas, times, order, kind):
    """DPM-Solver++ singlestep (arXiv:2211.01095, algorithm 1) in groups of `order` of the given times, a step of the
    method each; a step to data is DDIM's."""
    for i, t in enumerate(times):
        j = i % order
        data = predicted_data(x, sigmas[i], t, kind)
        if j == 0 or sigmas[i + 1] == 0:
            begin, first, start = x, data, sigmas[i]
            guess = data
        elif j == 1:
            second = data
            guess = line(start, sigmas[i + 1], first, second, -np.log(start / sigmas[i]))
        else:
            # The integral of e^λ times the line through the first and the last prediction.
            h = np.log(start / sigmas[i + 1])
            share = (h + np.expm1(-h)) / -np.expm1(-h)
            guess = first + share * (data - first) / np.log(start / sigmas[i])
        linear, weight = kept(begin, start, sigmas[i + 1])
        x = linear + weight * guess
    return x


def sa_solver(x, sigmas, times, kind, seed=0):
    """SA-Solver 2, 2 (arXiv:2309.05019) as released: slopes count h²/2; τ = 1 from 200 to 800; a draw at every step."""
    generator = torch.Generator().manual_seed(seed)

    def moved(x, i, data, slope):
        k = 1 if 200 <= times[i] <= 800 else 0
        h = np.log(sigmas[i] / sigmas[i + 1])
        linear, _ = kept(x, sigmas[i], sigmas[i + 1])
        a, b = coefficients(sigmas[i + 1])
        mean = math.exp(-k * h) * linear - a * np.expm1(-(1 + k) * h) * data + (1 + k) * a * h**2 / 2 * slope
        return mean + b * math.sqrt(-math.expm1(-2 * k * h)) * noise

    old = before = noise = None
    for i, t in enumerate(times):
        data = predicted_data(x, sigmas[i], t, kind)
        between = np.log(sigmas[i - 1] / sigmas[i]) if i else 1
        slope = 0 if i == 0 else (data - old) / between
        if i > 0:
            x = moved(before, i - 1, old, slope)
        noise = torch.randn(x.shape, generator=generator).double().numpy()
        before, old = x, data
        x = moved(x, i, data, slope if i < len(times) - 1 else 0)
    return x


class BrownianTree:
    """torchsde's tree: [t₀, t₁] is halved, times rounded to six digits, until a half ends where it is asked for. The
    increment over the left half is the bridge's mean and a draw of its own, whose seed is numpy's SeedSequence of the
    tree's seed at the place (number in its depth, depth)."""

    def __init__(self, t0, t1, shape, seed=0, pool=24):
        self.shape, self.seed, self.pool = shape, seed, pool
        self.t0, self.t1 = self.rounded(t0), self.rounded(t1)
        self.whole = self.draw((), 3) * math.sqrt(t1 - t0)

    @staticmethod
    def rounded(t):
        return round(float(t), 6)

    def draw(self, spawn, count):
        sequence = np.random.SeedSequence(entropy=self.seed, spawn_key=spawn, pool_size=self.pool)
        generator = torch.Generator().manual_seed(int(sequence.generate_state(count)[0]))
        return torch.randn(self.shape, generator=generator).double().numpy()

    def at(self, t):
        """W(t) - W(t₀)."""
        t = min(max(self.rounded(t), self.t0), self.t1)
        low, high, increment, number, depth = self.t0, self.t1, self.whole, 0, 0
        before = np.zeros(self.shape)
        while low < t < high:
            middle = self.rounded((low + high) / 2)
            share = (middle - low) / (high - low)
            left = share * increment + math.sqrt(share * (high - middle)) * self.draw((number, depth), 4)
            if t <= middle:
                high, increment, number = middle, left, 2 * number
            else:
                low, increment, number, before = middle, increment - left, 2 * number + 1, before + left
            depth += 1
        return before if t <= low else before + increment

    def noise(self, start, end):
        """The increment from a higher level to a lower one, with variance 1."""
        return (self.at(end) - self.at(start)) / math.sqrt(abs(start - end))


def sigma_data(x, sigma, t, kind, scaled):
    """Predicted data of x = data + σ·noise; `scaled`: diffusers' tests hand the solver what they hand the model."""
    norm = math.sqrt(sigma**2 + 1)
    out = (x if scaled else x / norm) * t / (t + 1)
    return x / norm**2 - sigma / norm * out if kind == "v" else x - sigma * out


def dpm_sde(x, sigmas, times, kind, tree, table, scaled):
    """k-diffusion's DPM++ SDE, η = 1: an ancestral step to the middle, and one with the data predicted there."""

    def ancestral(x, data, start, end):
        up = end * math.sqrt(1 - (end / start) ** 2)
        down = end * end / start
        return down / start * x + (1 - down / start) * data + up * tree.noise(start, end)

    def shrunk(x, sigma):
        return x / math.sqrt(sigma**2 + 1) if scaled else x

    for start, end, t in zip(sigmas, sigmas[1:], times):
        x = shrunk(x, start)
        data = sigma_data(x, start, t, kind, scaled)
        if end == 0:
            return data
        middle = math.sqrt(start * end)
        there = shrunk(ancestral(x, data, start, middle), middle)
        x = ancestral(x, sigma_data(there, middle, place(middle, table), kind, scaled), start, end)


def two_evaluations(x, sigmas, times, kind, table, middle):
    """Heun's method, or k-diffusion's DPM2 with its `middle` in log σ, on the scaled sample; the last step is Euler's."""

    def slope(x, sigma, t):
        return (x - sigma_data(x, sigma, t, kind, True)) / sigma

    for i, (start, end) in enumerate(zip(sigmas, sigmas[1:])):
        x = x / math.sqrt(start**2 + 1)
        first = slope(x, start, times[i])
        if end == 0:
            return x - start * first
        there = math.sqrt(start * end) if middle else end
        stage = (x + first * (there - start)) / math.sqrt(there**2 + 1)
        second = slope(stage, there, place(there, table) if middle else times[i + 1])
        x = x + (second if middle else (first + second) / 2) * (end - start)


def dpm_2m_sde(x, sigmas, times, kind, tree):
    """k-diffusion's DPM++ 2M SDE, η = 1, midpoint."""
    old = None
    for i, t in enumerate(times):
        start, end = sigmas[i], sigmas[i + 1]
        data = sigma_data(x, start, t, kind, False)
        if end == 0:
            return data
        decay = end / start
        guess = data if i == 0 else line(start, end, data, old, np.log(sigmas[i - 1] / start))
        x = decay**2 * x + (1 - decay**2) * guess + end * math.sqrt(1 - decay**2) * tree.noise(start, end)
        old = data


def to_data(sigmas):
    return np.append(sigmas, 0)


def held(sigmas):
    """diffusers' last level, twice: a step of no length."""
    return np.append(sigmas, sigmas[-1])


def run():
    long, wide = levels(1000), levels(1100)
    x, short = ramp(4, 3, 8, 8), ramp(4, 3, 8)
    found = {}

    def put(name, x, asserted=None, tolerance=1e-4):
        total = np.abs(x).sum()
        if asserted is not None:
            assert abs(total / asserted - 1) < tolerance, (name, total, asserted)
        flat = x.reshape(-1)
        found[name] = {"sum": total, "elements": [flat[p] for p in PLACES if p < x.size]}

    ladder = karras(10, long)
    told = np.round(place(ladder, long)).astype(int)
    # diffusers' first form had the levels of the rounded steps too; what its tests of [4, 3, 8, 8] assert is of then.
    for form, sigmas in [("", held(ladder)), (", rounded levels", held(long[told]))]:
        for kind in ["noise", "v"]:
            put(f"UniPC, {kind}, Karras{form}", unipc(x, sigmas, told, kind))
            put(f"2M, {kind}, Karras{form}", dpm_multistep(x, sigmas[:-1], told[:-1], kind))
    for kind, mean in [("noise", 0.2898), ("v", 0.1944)]:
        put(f"UniPC, {kind}, Karras, one axis less", unipc(short, held(ladder), told, kind), 96 * mean, 3e-4)

    times = whole_steps(10, long)
    first = np.append(long[times], long[0])
    for kind, mean in [("noise", 0.2791), ("v", 0.1453)]:
        put(f"2S at the times, {kind}", singlestep(x, first, times, 2, kind), 768 * mean, 3e-4)
        put(f"2S at the times, {kind}, to data", singlestep(x, to_data(long[times]), times, 2, kind))
        put(f"3S at the times, {kind}", singlestep(x, first, times, 3, kind))
    times = whole_steps(50, long)[3:]
    begun = singlestep(x, long[times[:2]], times[:1], 2, "noise")
    late = singlestep(begun, np.append(long[times[1:]], long[0]), times[1:], 2, "noise")
    put("2S at the times, from the fourth of 50", late, 768 * 0.2574, 3e-4)

    times = whole_steps(10, wide)
    for kind, asserted in [("noise", 337.394287109375), ("v", 193.1467742919922)]:
        sigmas = np.append(wide[times], wide[0])
        put(f"SA-Solver, {kind}", sa_solver(x, sigmas, times, kind), asserted)
    sigmas = karras(10, wide)
    told = np.round(place(sigmas, wide)).astype(int)
    put("SA-Solver, noise, Karras", sa_solver(x, held(sigmas), told, "noise"), 837.2554931640625)

    even = np.linspace(0, 1099, 10)[::-1]
    grids = [("", np.interp(even, np.arange(1100), wide), even), (", Karras", sigmas, place(sigmas, wide))]
    asserted = {"noise": 162.52383422851562, "v": 119.8487, "noise, Karras": 170.3135}
    increments = {}
    for form, ladder, times in grids:
        single = ladder.astype(np.float32).astype(float)
        tree = BrownianTree(single[-1], single[0], x.shape)
        start, sigmas = x * single[0], to_data(single)
        for kind in ["noise", "v"]:
            put(
                f"SDE, {kind}{form}, scaled",
                dpm_sde(start, sigmas, times, kind, tree, wide, True),
                asserted.get(kind + form),
            )
            put(f"SDE, {kind}{form}", dpm_sde(start, sigmas, times, kind, tree, wide, False))
            put(f"2M SDE, {kind}{form}", dpm_2m_sde(start, sigmas, times, kind, tree))
            name = f"{kind}{form}, scaled"
            # Upstream's 4.69e-7 of Heun and v is asserted to 1e-2.
            known = {"noise, scaled": (0.1233, 20.4125), "noise, Karras, scaled": (768 * 1.98695e-7, None)}
            for method, middle in [("Heun", False), ("DPM2", True)]:
                value = two_evaluations(x * ladder[0], to_data(ladder), times, kind, wide, middle)
                put(f"{method}, {name}", value, known.get(name, (None, None))[middle], 1e-3)
        pairs = [(single[0], single[9]), (single[2], single[3]), (single[7], math.sqrt(single[7] * single[8]))]
        increments["σ" + form] = [
            {"from": a, "to": b, "elements": tree.noise(a, b).reshape(-1)[PLACES].tolist()} for a, b in pairs
        ]
    return {"places": PLACES, "solvers": found, "increments": increments}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="write the fixture")
    arguments = parser.parse_args()
    content = run()
    for name, value in content["solvers"].items():
        print(f"{name}: {value['sum']:.6f}")
    if arguments.write:
        FIXTURE.parent.mkdir(parents=True, exist_ok=True)
        FIXTURE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")

"""Reference numbers for packages/random, from JAX: python tooling/reference/random_keys.py"""

# This file's name hides the standard library's own `random`: take its folder off the path before importing anything.
import sys

sys.path = [entry for entry in sys.path if not entry.endswith("tooling/reference")]

import json
from pathlib import Path

import jax
import numpy as np
import scipy.special

FIXTURE = Path(__file__).parents[2] / "packages/random/test/fixtures/random.json"
SEEDS = [0, 1, 42, 20260101, 2**31, 2**32 - 1, 2**32 + 5, 2**53 - 1]
COUNT = 33


def words(key):
    return [int(word) for word in np.asarray(jax.random.key_data(key)).ravel()]


def key_of(seed):
    if seed < 2**32:
        return jax.random.key(seed)
    jax.config.update("jax_enable_x64", True)  # without it JAX drops the high half of a seed
    key = jax.random.key(seed)
    jax.config.update("jax_enable_x64", False)
    return key


def numbers(array):
    assert array.dtype == np.float32
    return [float(number) for number in np.asarray(array)]


def case(seed):
    key = key_of(seed)
    return {
        "seed": seed,
        "key": words(key),
        "split": [words(part) for part in jax.random.split(key, 5)],
        "foldIn": {str(data): words(jax.random.fold_in(key, data)) for data in [0, 1, 777, 2**32 - 1]},
        "bits": [int(word) for word in jax.random.bits(key, (COUNT,))],
        "uniform": numbers(jax.random.uniform(key, (COUNT,))),
        "uniformFrom-3To0.1": numbers(jax.random.uniform(key, (COUNT,), minval=-3.0, maxval=0.1)),
        "normal": numbers(jax.random.normal(key, (COUNT,))),
        "truncatedNormal-2To2": numbers(jax.random.truncated_normal(key, -2.0, 2.0, (COUNT,))),
        "truncatedNormal0.5ToInfinity": numbers(
            jax.random.truncated_normal(key, 0.5, np.inf, (COUNT,))
        ),
        "gumbel": numbers(jax.random.gumbel(key, (COUNT,))),
    }


# Long draws, by their extremes: the tails are where an approximation would differ first.
def extremes():
    key = jax.random.key(99)
    normal = np.asarray(jax.random.normal(key, (1_000_000,)))
    order = np.argsort(normal)
    picked = [int(i) for i in np.concatenate([order[:20], order[-20:]])]
    return {"seed": 99, "count": 1_000_000, "indices": picked, "normal": [float(normal[i]) for i in picked]}


x = np.concatenate([[0, 1e-9, 1e-3], np.linspace(0.1, 6, 30), [10, 30]])
y = np.concatenate([[1e-9, 1e-3], np.linspace(0.05, 0.95, 19), [0.99, 0.999, 0.99999, 0.9999999]])
fixture = {
    "jax": jax.__version__,
    "cases": [case(seed) for seed in SEEDS],
    "extremes": extremes(),
    "erf": {"x": list(map(float, x)), "y": list(map(float, scipy.special.erf(x)))},
    "erfInv": {"x": list(map(float, y)), "y": list(map(float, scipy.special.erfinv(y)))},
}
FIXTURE.parent.mkdir(parents=True, exist_ok=True)
FIXTURE.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")

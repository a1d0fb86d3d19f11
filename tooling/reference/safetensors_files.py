"""Reference files for packages/safetensors, written by Python's own library: python tooling/reference/safetensors_files.py"""

# This file's name hides the library's: take its folder off the path before importing anything.
import sys

sys.path = [entry for entry in sys.path if not entry.endswith("tooling/reference")]

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import __version__, safe_open
from safetensors.torch import save_file

FIXTURES = Path(__file__).parents[2] / "packages/safetensors/test/fixtures"
FIXTURES.mkdir(parents=True, exist_ok=True)

floats = [0.0, -0.0, 1.0, -1.5, 3.140625, 65504.0, 6.1e-5, 6e-8, float("inf"), float("-inf")]
integers = [0, 1, -1, 127, -128]


def limits(dtype):
    info = torch.iinfo(dtype)
    return torch.tensor([0, 1, info.min, info.max, 77, info.max // 3], dtype=dtype).reshape(2, 3)


# Names in no order, so that the order of the file is the library's own; two of each kind of size.
tensors = {
    "weight": torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) / 7,
    "b.0.bias": torch.tensor([0.1, -0.2, 3e38], dtype=torch.float32),
    "double": torch.tensor([np.pi, -1e300, 5e-324], dtype=torch.float64),
    "half": torch.tensor(floats, dtype=torch.float16).reshape(2, 5),
    "brain": torch.tensor([*floats, 3e38, 1e-40], dtype=torch.bfloat16).reshape(3, 4),
    "i8": limits(torch.int8),
    "i16": limits(torch.int16),
    "i32": limits(torch.int32),
    "i64": limits(torch.int64),
    "u8": limits(torch.uint8),
    "u16": limits(torch.uint16),
    "u32": limits(torch.uint32),
    "u64": torch.tensor([0, 1, 2**63 - 1], dtype=torch.uint64),
    "mask": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5, dtype=torch.float32),
    "empty": torch.zeros(0, 3, dtype=torch.float32),
    "": torch.tensor([1.0]),
    "größe/\"quoted\"\n": torch.tensor([2.0]),
    "\U0001f600": torch.tensor([3.0]),
    "\uffee": torch.tensor([4.0]),
    "__proto__": torch.tensor([5.0]),
    "10": torch.tensor([6.0]),
    "9": torch.tensor([7.0]),
}
# The library writes several metadata entries in no fixed order: one only, so that the bytes are reproducible.
save_file(tensors, FIXTURES / "all.safetensors", metadata={"format": "pt"})
save_file({"x": torch.tensor([1.0, 2.0])}, FIXTURES / "small.safetensors")
save_file({}, FIXTURES / "none.safetensors", metadata={"note": "kein Tensor: ∅"})

expected = {}
with safe_open(FIXTURES / "all.safetensors", "pt") as file:
    for name in file.keys():
        tensor = file.get_tensor(name)
        view = file.get_slice(name)
        expected[name] = {
            "dtype": view.get_dtype(),
            "shape": list(tensor.shape),
            "values": [repr(value) for value in tensor.flatten().tolist()],
        }
(FIXTURES / "all.json").write_text(
    json.dumps({"safetensors": __version__, "metadata": {"format": "pt"}, "tensors": expected}, indent=1) + "\n"
)

# Every seventh half precision number as a float32, and the two roundings of some float32 numbers.
halves = torch.arange(0, 65536, 7, dtype=torch.int32).to(torch.uint16).view(torch.float16)
generator = torch.Generator().manual_seed(0)
wide = torch.randn(1000, generator=generator) * torch.exp2(
    torch.randint(-30, 20, (1000,), generator=generator).float()
)
ties = torch.tensor([1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 3 * 2**-8, 2**-25, 3 * 2**-26, 65519.0, 65520.0])
numbers = torch.cat([wide, ties, torch.tensor(floats), torch.tensor([3.4e38, 1e-45, -1e-40])])
save_file(
    {
        "halves": halves.float(),
        "numbers": numbers,
        "half": numbers.half(),
        "brain": numbers.bfloat16(),
    },
    FIXTURES / "conversions.safetensors",
)

for file in FIXTURES.iterdir():
    file.chmod(0o644)

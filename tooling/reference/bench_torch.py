"""PyTorch's side of apps/bench: a process that reads one JSON request a line and answers each with one line.

Usage: bench_torch.py MEMORY_FORMAT THREADS, with MEMORY_FORMAT contiguous or channels_last. Needs torch alone.
The requests are those of apps/bench/src/protocol.ts: {"prepare": workload, "file": shared tensors, "checks": n} builds
the model of diffusion.py from shared weights and does the checks; {"run": n} times n steps.

Eager mode, as it is fastest without compiling: AdamW in its foreach form, the moving average by one _foreach_lerp_,
sampling without gradients.
"""

import importlib.util
import json
import platform
import sys
import time
from pathlib import Path

# The neighbours of this file have names such as random.py and safetensors.py: keep them from being imported.
HERE = Path(__file__).resolve().parent
sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != HERE]

try:
    import torch
except ImportError as error:
    print(json.dumps({"error": f"{sys.executable} has no torch ({error})"}), flush=True)
    sys.exit(1)

DTYPES = {"F32": torch.float32, "I32": torch.int32}


def reference():
    """diffusion.py, beside this file."""
    spec = importlib.util.spec_from_file_location("diffusion", HERE / "diffusion.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_safetensors(path):
    data = bytearray(Path(path).read_bytes())
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        dtype = DTYPES[entry["dtype"]]
        count = (end - begin) // 4
        tensor = torch.frombuffer(data, dtype=dtype, count=count, offset=8 + size + begin)
        tensors[name] = tensor.view(entry["shape"]).clone()
    return tensors


class Bench:
    def __init__(self, workload, path, checks, memory_format):
        self.diffusion = reference()
        tensors = read_safetensors(path)
        network, task = workload["network"], workload["task"]
        options = dict(network["config"])
        if network["kind"] != "VelocityMLP":
            options["channels_last"] = memory_format == torch.channels_last
        self.model = getattr(self.diffusion, network["kind"])(**options)
        weights = {name[6:]: t for name, t in tensors.items() if name.startswith("model.")}
        self.model.load_state_dict(weights)
        self.classes = options.get("classes", 0)
        self.memory_format = memory_format
        self.images = self.arrange(tensors["images"])
        self.labels = tensors["labels"].long() if "labels" in tensors else None
        self.trains = task["kind"] == "train"
        if self.trains:
            self.parameters = list(self.model.parameters())
            optimizer = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[task["optimizer"]]
            self.optimizer = optimizer(self.parameters, lr=task["learningRate"], foreach=True)
            self.ema_decay = task.get("emaDecay")
            if self.ema_decay is not None:
                self.ema = [p.detach().clone() for p in self.parameters]
        else:
            self.times = torch.linspace(1, 0, task["steps"] + 1)
            self.model.requires_grad_(False)

        self.checks = []
        self.step_ms = 0.0
        for i in range(checks if self.trains else 1):
            start = time.perf_counter()
            if self.trains:
                labels = tensors.get(f"check.{i}.labels")
                noise = self.arrange(tensors[f"check.{i}.noise"])
                labels = None if labels is None else labels.long()
                self.checks.append(self.update(tensors[f"check.{i}.t"], noise, labels))
            else:
                x = self.sample()
                self.checks += [x.square().mean().sqrt().item(), (x * self.images).mean().item()]
            self.step_ms = (time.perf_counter() - start) * 1000

    def arrange(self, x):
        """[n, h, w, c] to [n, c, h, w] in the memory format; points stay as they are."""
        return x.permute(0, 3, 1, 2).contiguous(memory_format=self.memory_format) if x.dim() == 4 else x

    def update(self, t, noise, labels):
        self.optimizer.zero_grad()
        loss = self.diffusion.rectified_flow_loss(self.model, self.images, t, noise, labels)
        loss.backward()
        self.optimizer.step()
        if self.ema_decay is not None:
            torch._foreach_lerp_(self.ema, [p.detach() for p in self.parameters], 1 - self.ema_decay)
        return loss.item()

    def train(self):
        n = self.images.shape[0]
        labels = self.labels
        if labels is not None:
            labels = torch.where(torch.rand(n) < 0.1, self.classes, labels)
        return self.update(torch.rand(n), torch.randn_like(self.images), labels)

    @torch.no_grad()
    def sample(self):
        """Heun's method from t = 1 to 0; the last step, to 0, is Euler's."""
        x = self.images
        n = x.shape[0]
        for now, after in zip(self.times, self.times[1:]):
            v = self.model(x, now.expand(n), self.labels)
            if after > 0:
                ahead = x + (after - now) * v
                v = (v + self.model(ahead, after.expand(n), self.labels)) * 0.5
            x = x + (after - now) * v
        return x

    def run(self, steps):
        step = self.train if self.trains else self.sample
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            step()
            times.append((time.perf_counter() - start) * 1000)
        return times


def main():
    memory_format = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}[sys.argv[1]]
    torch.set_num_threads(int(sys.argv[2]))

    def say(message):
        print(json.dumps(message), flush=True)

    say({"versions": {"torch": torch.__version__, "python": platform.python_version()}})
    bench = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if "prepare" in request:
                bench = Bench(request["prepare"], request["file"], request["checks"], memory_format)
                count = sum(p.numel() for p in bench.model.parameters())
                say({"parameters": count, "checks": bench.checks, "stepMs": bench.step_ms})
            else:
                say({"times": bench.run(request["run"])})
        except Exception as error:  # told to the benchmark, which goes on without this contender
            say({"error": f"{type(error).__name__}: {error}".splitlines()[0]})


if __name__ == "__main__":
    main()

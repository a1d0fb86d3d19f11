"""PyTorch's side of apps/bench: a process that reads one JSON request a line and answers each with one line.

Usage: bench_torch.py MEMORY_FORMAT THREADS MODE DEVICE, with MEMORY_FORMAT contiguous or channels_last, MODE eager or
compile, DEVICE cpu or gpu (CUDA, else Metal).
Needs torch alone. The requests are those of apps/bench/src/protocol.ts: {"workload": name, "twin": {"kind": a task
below, …}, "file": shared tensors, "checks": n, "count": whether to count operations} builds networks from shared weights and does the checks; {"run": n}
times n steps.

As fast as PyTorch is used in practice: fused optimizers, moving averages by one _foreach_lerp_, attention by
scaled_dot_product_attention, sampling in inference mode.
"""

import json
import os
import platform
import shutil
import sys
import time
from pathlib import Path

try:
    import torch
    import torch.nn.functional as F
    from torch.utils.flop_counter import FlopCounterMode
except ImportError as error:
    print(json.dumps({"error": f"{sys.executable} has no torch ({error})"}), flush=True)
    sys.exit(1)

import autoregressive
import diffusion
import gan
import vae

# Set by main. Not as PyTorch's default device, which costs time at every operation.
DEVICE = {"kind": "cpu"}

DTYPES = {"F32": torch.float32, "I32": torch.int32}


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
        tensors[name] = tensor.view(entry["shape"]).to(DEVICE["kind"], copy=True)
    return tensors


def optimizer_of(twin, parameters):
    kind = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[twin["optimizer"]]
    return kind(parameters, lr=twin["learningRate"], betas=(twin.get("beta1", 0.9), 0.999), fused=True)


class Average:
    """The moving average of a network's weights, where one is asked for."""

    def __init__(self, twin, network):
        self.decay = twin.get("emaDecay")
        self.parameters = [p.detach() for p in network.parameters()]
        self.weights = [p.clone() for p in self.parameters] if self.decay is not None else []

    def update(self):
        if self.decay is not None:
            torch._foreach_lerp_(self.weights, self.parameters, 1 - self.decay)


class Training:
    """Minimises `loss(**inputs, **drawn)`; `draws()` gives what is random."""

    def prepare(self, twin, compiled):
        self.optimizer = optimizer_of(twin, self.model.parameters())
        self.average = Average(twin, self.model)
        self.minimised = torch.compile(self.loss) if compiled else self.loss

    def step(self, inputs, given=None):
        self.optimizer.zero_grad()
        loss = self.minimised(**inputs, **(self.draws(**inputs) if given is None else given))
        loss.backward()
        self.optimizer.step()
        self.average.update()
        return [loss.item()]


class FlowTraining(Training):
    def __init__(self, twin):
        self.model = getattr(diffusion, twin["network"]["kind"])(**twin["network"]["config"])

    def draws(self, images):
        return {"t": torch.rand(images.shape[0], device=images.device), "noise": torch.randn_like(images)}

    def loss(self, images, t, noise):
        return diffusion.rectified_flow_loss(self.model, images, t, noise)


class VAETraining(Training):
    def __init__(self, twin):
        self.model = vae.VAE(**twin["config"])
        self.latents = twin["config"]["latentShape"]

    def draws(self, images):
        return {"noise": torch.randn(images.shape[0], *self.latents, device=images.device)}

    def loss(self, images, noise):
        return self.model.losses(images, noise)[0]


class TokenTraining(Training):
    def __init__(self, twin):
        self.model = autoregressive.CausalTransformer(**twin["config"])

    def draws(self, tokens):
        return {}

    def loss(self, tokens):
        return autoregressive.loss(self.model, tokens)


class GANTraining:
    def __init__(self, twin):
        self.model = gan.players(**twin["config"])
        self.latents = twin["config"]["latents"]

    def prepare(self, twin, compiled):
        self.steps = gan.Steps(self.model, lambda parameters: optimizer_of(twin, parameters))
        self.average = Average(twin, self.steps.generator)
        if compiled:
            self.steps.generator = torch.compile(self.steps.generator)
            self.steps.discriminator = torch.compile(self.steps.discriminator)

    def step(self, inputs, given=None):
        images = inputs["images"]
        if given is None:
            given = {name: torch.randn(images.shape[0], self.latents, device=images.device) for name in ("first", "second")}
        losses = self.steps.step(images, **given)
        self.average.update()
        return [loss.item() for loss in losses[:2]]


class FlowSampling:
    """Heun's method from t = 1 to 0; the last step, to 0, is Euler's."""

    def __init__(self, twin):
        self.model = getattr(diffusion, twin["network"]["kind"])(**twin["network"]["config"])

    def prepare(self, twin, compiled):
        times = torch.linspace(1, 0, twin["steps"] + 1)
        self.times = list(zip(times.to(DEVICE["kind"]), times.tolist()))
        self.network = torch.compile(self.model) if compiled else self.model

    @torch.inference_mode()
    def step(self, inputs, given=None):
        noise = x = inputs["images"]
        n = x.shape[0]
        for (t, now), (t_after, after) in zip(self.times, self.times[1:]):
            v = self.network(x, t.expand(n))
            if after > 0:
                ahead = x + (after - now) * v
                v = (v + self.network(ahead, t_after.expand(n))) * 0.5
            x = x + (after - now) * v
        return [x.square().mean().sqrt().item(), (x * noise).mean().item()]


class TokenSampling:
    def __init__(self, twin):
        self.model = autoregressive.CausalTransformer(**twin["config"])
        self.tokens, self.batch, self.checked = twin["config"]["maxTokens"], twin["batch"], twin["checkedTokens"]

    def prepare(self, twin, compiled):
        self.next = torch.compile(self.model.step, dynamic=True) if compiled else self.model.step

    @torch.inference_mode()
    def step(self, inputs, given=None):
        cache = self.model.cache(self.batch)
        token = self.model.start(self.batch)
        drawn = []
        for i in range(self.tokens):
            logits = self.next(token, i, cache)
            if given is not None and i < self.checked:
                token = (logits + given["gumbels"][i]).argmax(1)
            else:
                token = torch.multinomial(F.softmax(logits, 1), 1).squeeze(1)
            drawn.append(token)
        first = torch.stack(drawn, 1)[:, : self.checked].flatten().float()
        return [first.mean().item(), (first * (torch.arange(len(first), device=first.device) % 7 + 1)).mean().item()]


def attention_flops(query, key, value, dropout_p=0.0, is_causal=False, **kwargs):
    """Two products. Of a causal mask, PyTorch's kernel leaves out what is hidden from all of a block of queries."""
    n, heads, queries, d = query
    block = 256 if queries >= 768 else 64 if queries >= 192 else 32
    starts = range(0, queries, block)
    pairs = sum((min(s + block, queries) - s) * min(s + block, key[2]) for s in starts) if is_causal else queries * key[2]
    return 2 * n * heads * pairs * (d + value[3])


def attention_backward_flops(grad_out, query, key, value, out, logsumexp, dropout_p, is_causal, **kwargs):
    """Four products; computing the scores again is the method's business, not the gradient's."""
    return 2 * attention_flops(query, key, value, dropout_p, is_causal)


FLOP_FORMULAS = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: attention_flops,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: attention_backward_flops,
}


class Bench:
    def __init__(self, request, memory_format, compiled):
        twin, checks = request["twin"], request["checks"]
        tensors = read_safetensors(request["file"])
        self.memory_format = memory_format
        self.task = task = globals()[twin["kind"]](twin)
        model = task.model.to(device=DEVICE["kind"], memory_format=memory_format)
        loaded = model.load_state_dict(self.named(tensors, "model"), strict=False)
        missing = [name for name in loaded.missing_keys if not name.endswith("num_batches_tracked")]
        if missing or loaded.unexpected_keys:
            raise ValueError(f"weights are missing or unknown: {missing} {loaded.unexpected_keys}")
        self.parameters = sum(p.numel() for p in model.parameters())
        task.prepare(twin, compiled)
        self.inputs = self.arranged(tensors, "input")
        self.checks, self.step_ms, self.flops = [], 0.0, None
        for i in range(checks):
            given = self.arranged(tensors, f"check.{i}")
            if i == 0 and request["count"]:
                with FlopCounterMode(display=False, custom_mapping=FLOP_FORMULAS) as counter:
                    self.check(given)
                self.flops = counter.get_total_flops()
            else:
                self.check(given)

    def check(self, given):
        start = time.perf_counter()
        self.checks += self.task.step(self.inputs, given)
        self.step_ms = (time.perf_counter() - start) * 1000

    def named(self, tensors, prefix):
        return {name[len(prefix) + 1 :]: t for name, t in tensors.items() if name.startswith(f"{prefix}.")}

    def arranged(self, tensors, prefix):
        """Images [n, h, w, c] as [n, c, h, w] in the memory format, whole numbers as indices."""

        def arrange(x):
            if x.dtype == torch.int32:
                return x.long()
            return x.permute(0, 3, 1, 2).contiguous(memory_format=self.memory_format) if x.dim() == 4 else x

        return {name: arrange(t) for name, t in self.named(tensors, prefix).items()}

    def run(self, steps):
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            self.task.step(self.inputs)
            times.append((time.perf_counter() - start) * 1000)
        return times


def device_of(kind):
    """The device, and its name for people."""
    if kind == "cpu":
        return "cpu", {}
    if torch.cuda.is_available():
        return "cuda", {"torch device": torch.cuda.get_device_name()}
    if torch.backends.mps.is_available():
        return "mps", {"torch device": "Metal"}
    raise RuntimeError("PyTorch sees no GPU here")


def main():
    memory_format = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}[sys.argv[1]]
    torch.set_num_threads(int(sys.argv[2]))
    compiled = sys.argv[3] == "compile"

    def say(message):
        print(json.dumps(message), flush=True)

    if compiled and not shutil.which(os.environ.get("CXX", "g++")):
        say({"error": "torch.compile needs a C++ compiler, and there is no g++ here"})
        sys.exit(1)
    try:
        DEVICE["kind"], named = device_of(sys.argv[4])
    except RuntimeError as error:
        say({"error": str(error)})
        sys.exit(1)
    say({"versions": {"torch": torch.__version__, "python": platform.python_version(), **named}})
    bench = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if "workload" in request:
                bench = Bench(request, memory_format, compiled)
                answer = {"parameters": bench.parameters, "checks": bench.checks, "stepMs": bench.step_ms}
                say(answer if bench.flops is None else {**answer, "flops": bench.flops})
            else:
                say({"times": bench.run(request["run"])})
        except Exception as error:  # told to the benchmark, which goes on without this contender
            say({"error": f"{type(error).__name__}: {error}".splitlines()[0]})


if __name__ == "__main__":
    main()

"""Values, first and second derivatives of every differentiable operation, by PyTorch in float64.

    python tooling/reference/gradients.py packages/tensor/test/fixtures/gradients.json \\
        packages/tensor/test/fixtures/gradient-differences.json

The first file has PyTorch's own derivatives, the second central differences of the values alone; they must agree.

Inputs and projections follow from simple formulas that the test repeats (`numbers`, `wave`), so that only results are
stored. For y = f(x...): the projection c gives L = sum(c y) and first = dL/dx; the projections v give
M = sum(v dL/dx), second = dM/dx and secondDy = dM/dc. Images are NHWC.
"""

import json
import math
import sys

import numpy as np
import torch
import torch.nn.functional as F

cases = []
differences = []
worst = {"first": 0.0, "second": 0.0, "secondDy": 0.0}


def numbers(shape, low, high, phase):
    k = np.arange(math.prod(shape), dtype=np.float64)
    u = (k * 0.6180339887498949 + 0.37 * (phase + 1)) % 1
    return torch.tensor((low + (high - low) * u).astype(np.float32).astype(np.float64)).reshape(shape)


def wave(shape, phase):
    k = np.arange(math.prod(shape), dtype=np.float64)
    return torch.tensor(np.sin(1.3 * k + phase + 1)).reshape(shape)


def rounded(t):
    return [float(f"{v:.7g}") for v in t.detach().reshape(-1).tolist()]


def central(f, x, h):
    """df/dx for a function of one tensor that answers a number, by central differences, element for element."""
    d = torch.zeros_like(x)
    for i in range(x.numel()):
        e = torch.zeros(x.numel(), dtype=x.dtype)
        e[i] = h
        e = e.reshape(x.shape)
        d.view(-1)[i] = (f(x + e) - f(x - e)) / (2 * h)
    return d


def check(order, difference, exact):
    error = (difference - exact).abs().max().item() / max(exact.abs().max().item(), 1e-3)
    worst[order] = max(worst[order], error)
    assert error < 1e-5, (differences[-1:], order, error)


def difference(name, f, xs, c, first, second, second_dy):
    """The same derivatives from values of f alone: L = sum(c f), M = the derivative of L along v."""
    h = 1e-4
    xs = [x.detach() for x in xs]
    c = c.detach()
    vs = [wave(x.shape, 1 + p) for p, x in enumerate(xs)]
    L = lambda p, x: (c * f(*xs[:p], x, *xs[p + 1:])).sum().item()
    along = lambda t, xs: f(*(x + t * v for x, v in zip(xs, vs))).detach()
    by_step = lambda xs: (along(h, xs) - along(-h, xs)) / (2 * h)
    M = lambda p, x: (c * by_step([*xs[:p], x, *xs[p + 1:]])).sum().item()
    d1 = [central(lambda z, p=p: L(p, z), x, h) for p, x in enumerate(xs)]
    d2 = [central(lambda z, p=p: M(p, z), x, h) for p, x in enumerate(xs)]
    d2_dy = by_step(xs)
    differences.append({"name": name})
    for a, b in zip(d1, first):
        check("first", a, b.detach())
    for a, b in zip(d2, second):
        check("second", a, torch.zeros_like(a) if b is None else b.detach())
    check("secondDy", d2_dy, second_dy.detach())
    nil = lambda b: b is None or not b.any()
    differences[-1] |= {
        "first": [rounded(a) for a in d1],
        "second": [None if nil(b) else rounded(a) for a, b in zip(d2, second)],
        "secondDy": rounded(d2_dy),
    }


def case(name, f, *inputs):
    inputs = [(list(i), -1, 1) if isinstance(i, list) else (list(i[0]), i[1], i[2]) for i in inputs]
    xs = [numbers(s, lo, hi, p).requires_grad_() for p, (s, lo, hi) in enumerate(inputs)]
    y = f(*xs)
    c = wave(y.shape, 0).requires_grad_()
    first = torch.autograd.grad((c * y).sum(), xs, create_graph=True)
    m = sum((wave(x.shape, 1 + p) * g).sum() for p, (x, g) in enumerate(zip(xs, first)))
    second = torch.autograd.grad(m, xs + [c], allow_unused=True)
    cases.append({
        "name": name,
        "inputs": [{"shape": s, "low": lo, "high": hi} for s, lo, hi in inputs],
        "shape": list(y.shape),
        "value": rounded(y),
        "first": [rounded(g) for g in first],
        "second": [None if h is None or not h.any() else rounded(h) for h in second[:-1]],
        "secondDy": rounded(second[-1]),
    })
    difference(name, f, xs, c, first, second[:-1], second[-1])


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def same(n, k, s):
    total = max((-(-n // s) - 1) * s + k - n, 0)
    return total // 2, total - total // 2


def pads(x, k, s, pad, spatial):
    """Explicit (before, after) for each spatial axis of a channels-last image."""
    if pad == "same":
        return [same(x.shape[1 + i], k[i], s) for i in range(spatial)]
    if pad == "valid":
        return [(0, 0)] * spatial
    return pad


def padded(x, p, value=0.0):
    flat = [0, 0]
    for before, after in reversed(p):
        flat += [before, after]
    return F.pad(x, flat, value=value)


def conv2d(stride=1, pad="same", dilation=1):
    def f(x, w):
        k = [(n - 1) * dilation + 1 for n in w.shape[:2]]
        x = padded(x, pads(x, k, stride, pad, 2))
        return nhwc(F.conv2d(nchw(x).contiguous(), w.permute(3, 2, 0, 1).contiguous(), stride=stride, dilation=dilation))
    return f


def depthwise(stride=1, pad="same", dilation=1):
    def f(x, w):
        k = [(n - 1) * dilation + 1 for n in w.shape[:2]]
        x = padded(x, pads(x, k, stride, pad, 2))
        w = w.permute(2, 3, 0, 1).reshape(-1, 1, *w.shape[:2])
        return nhwc(F.conv2d(nchw(x).contiguous(), w, stride=stride, dilation=dilation, groups=x.shape[3]))
    return f


def conv3d(stride=1, pad="same"):
    def f(x, w):
        x = padded(x, pads(x, w.shape[:3], stride, pad, 3))
        y = F.conv3d(x.permute(0, 4, 1, 2, 3), w.permute(4, 3, 0, 1, 2).contiguous(), stride=stride)
        return y.permute(0, 2, 3, 4, 1)
    return f


def conv2d_transpose(stride, pad, out):
    """The gradient of conv2d with respect to its input, as a function of (dy, w [kh, kw, out, in])."""
    def f(dy, w):
        x = torch.zeros(dy.shape[0], *out, w.shape[2], dtype=dy.dtype, requires_grad=True)
        y = conv2d(stride, pad)(x, w)
        return torch.autograd.grad(y, x, dy, create_graph=True)[0]
    return f


def pool(kind, k, s, pad, spatial=2):
    def f(x):
        p = pads(x, [k] * spatial, s, pad, spatial)
        fill = -1e30 if kind == "max" else 0.0
        def windows(z, value):
            z = padded(z, p, value)
            for axis in range(1, 1 + spatial):
                z = z.unfold(axis, k, s)
            return z.flatten(2 + spatial)
        w = windows(x, fill)
        if kind == "max":
            return w.max(-1).values
        return w.sum(-1) / windows(torch.ones_like(x), 0.0).sum(-1)
    return f


def sources(n, m, align, half):
    ratio = (n - 1) / (m - 1) if align and m > 1 else n / m
    return [ratio * (i + 0.5) - (0.0 if half == "nearest" else 0.5) if half else ratio * i for i in range(m)]


def bilinear(size, align, half):
    def f(x):
        for axis in (1, 2):
            n = x.shape[axis]
            s = [min(max(v, 0.0), n - 1.0) for v in sources(n, size[axis - 1], align, half)]
            low = torch.tensor([math.floor(v) for v in s])
            high = torch.tensor([math.ceil(v) for v in s])
            t = torch.tensor(s) - low
            t = t.to(torch.float64).reshape([-1 if a == axis else 1 for a in range(4)])
            x = x.index_select(axis, low) * (1 - t) + x.index_select(axis, high) * t
        return x
    return f


def nearest(size, align, half):
    def f(x):
        for axis in (1, 2):
            n = x.shape[axis]
            s = sources(n, size[axis - 1], align, "nearest" if half else False)
            i = [min(n - 1, math.floor(v + 0.5) if align else math.floor(v)) for v in s]
            x = x.index_select(axis, torch.tensor(i))
        return x
    return f


# Elementwise
pos = ([2, 5], 0.2, 2.0)
unit = ([2, 5], -0.8, 0.8)
wide = ([2, 6], -3.0, 3.0)
for name, f, x in [
    ("neg", torch.neg, wide), ("abs", torch.abs, wide), ("square", torch.square, wide), ("sqrt", torch.sqrt, pos),
    ("rsqrt", torch.rsqrt, pos), ("reciprocal", torch.reciprocal, pos), ("exp", torch.exp, unit),
    ("expm1", torch.expm1, unit), ("log", torch.log, pos), ("log1p", torch.log1p, pos), ("sin", torch.sin, wide),
    ("cos", torch.cos, wide), ("tan", torch.tan, unit), ("asin", torch.asin, unit), ("acos", torch.acos, unit),
    ("atan", torch.atan, wide), ("sinh", torch.sinh, unit), ("cosh", torch.cosh, unit), ("tanh", torch.tanh, wide),
    ("asinh", torch.asinh, wide), ("acosh", torch.acosh, ([2, 5], 1.2, 3.0)), ("atanh", torch.atanh, unit),
    ("erf", torch.erf, unit), ("relu", torch.relu, wide), ("relu6", F.relu6, ([2, 6], -9.0, 9.0)),
    ("leakyRelu", lambda x: F.leaky_relu(x, 0.2), wide), ("elu", F.elu, wide), ("selu", F.selu, wide),
    ("sigmoid", torch.sigmoid, wide), ("softplus", F.softplus, wide), ("logSigmoid", F.logsigmoid, wide),
    ("silu", F.silu, wide), ("clipByValue", lambda x: torch.clamp(x, -1.05, 2.02), wide),
    ("sigmoidByHand", lambda x: 1 / (1 + torch.exp(-x)), wide),
    ("floorTimesX", lambda x: x * torch.floor(x), wide), ("signTimesX", lambda x: x * torch.sign(x), wide),
]:
    case(name, f, x)
case("prelu", lambda x, a: torch.where(x > 0, x, a * x), ([2, 3, 4], -3, 3), ([4], 0.1, 0.5))

# Two inputs, broadcast
a, b = ([2, 3, 1], -2.0, 2.0), ([3, 4], 0.3, 2.0)
for name, f in [
    ("add", torch.add), ("sub", torch.sub), ("mul", torch.mul), ("div", torch.div), ("maximum", torch.maximum),
    ("minimum", torch.minimum), ("squaredDifference", lambda a, b: (a - b) ** 2), ("atan2", torch.atan2),
    ("mod", lambda a, b: a - b * torch.floor(a / b)),
]:
    case(name, f, a, b)
    case(name + " reversed", lambda x, y, f=f: f(y, x), *((a, b) if name not in ("div", "mod") else (([3, 4], 0.3, 2.0), ([2, 3, 1], 0.5, 2.0))))
case("pow", torch.pow, ([2, 3, 1], 0.2, 2.0), ([3, 4], -1.5, 2.0))
case("cube", lambda x: x ** 3, ([2, 3], -1, 1))
case("add scalar", torch.add, ([2, 3], -1, 1), ([], -1, 1))
case("mul scalar", torch.mul, ([], -1, 1), ([2, 3], -1, 1))
case("addN", lambda a, b, c: a + b + c, [2, 3], [2, 3], [2, 3])
case("where", lambda a, b: torch.where(a > 0.1, a * a * b, torch.sin(b)), [2, 3, 1], [3, 4])
case("divNoNan", torch.div, ([2, 3], -1, 1), ([3], 0.5, 2))

# Reductions
x = ([2, 3, 4], -2.0, 2.0)
case("sum all", lambda x: (x ** 2).sum(), x)
case("sum middle", lambda x: (x ** 2).sum(1), x)
case("sum kept", lambda x: (x ** 2).sum((0, 2), keepdim=True), x)
case("mean all", lambda x: (x ** 3).mean(), x)
case("mean last", lambda x: (x ** 3).mean(-1), x)
case("max", lambda x: x.amax(1) ** 2, x)
case("max all", lambda x: x.max() ** 2, x)
case("min", lambda x: x.amin((0, 2), keepdim=True) ** 2, x)
case("prod", lambda x: x.prod(1), ([2, 5, 2], -2, 2))
case("prod with a zero", lambda x: (x * torch.tensor([1, 0, 1.0, 1, 1], dtype=x.dtype)).prod(1), ([2, 5], -2, 2))
case("cumsum", lambda x: torch.cumsum(x ** 2, 1), x)
case("cumsum exclusive reverse", lambda x: x.flip(1).pow(2).cumsum(1).flip(1) - x ** 2, x)
case("cumprod", lambda x: torch.cumprod(x, 1), ([2, 5, 2], -2, 2))
case("cumprod exclusive reverse", lambda x: torch.cat([torch.cumprod(x.flip(1), 1).flip(1)[:, 1:], torch.ones_like(x[:, :1])], 1), ([2, 5, 2], -2, 2))
case("logSumExp", lambda x: torch.logsumexp(x, 1), x)
case("variance", lambda x: x.var((1, 2), unbiased=False), x)
case("softmax", lambda x: torch.softmax(x, -1), x)
case("logSoftmax", lambda x: torch.log_softmax(x, -1), x)
case("batchNorm", lambda x, m, v, o, s: (x - m) / (v + 0.1).sqrt() * s + o, ([2, 2, 2, 3], -2, 2), [3], ([3], 0.2, 2), [3], ([3], 0.5, 2))
def response(x):
    squares = F.pad(x ** 2, (1, 1))
    return x * (1.5 + 0.3 * squares.unfold(-1, 3, 1).sum(-1)) ** -0.7
case("localResponseNormalization", response, ([1, 2, 2, 5], -2, 2))
case("norm", lambda x: x.norm(dim=1), x)

# Shapes: squared, so that second derivatives say something
case("reshape", lambda x: x.reshape(4, 6) ** 2, x)
case("transpose", lambda x: x.permute(2, 0, 1) ** 2, x)
case("reverse", lambda x: x.flip((0, 2)) ** 2, x)
case("flipLeftRight", lambda x: x.flip(2) ** 2, [1, 2, 3, 2])
case("rgbToGrayscale", lambda x: (x @ torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype))[..., None] ** 2, [1, 2, 2, 3])
case("concat", lambda a, b: torch.cat([a, b, a], 1) ** 2, [2, 3], [2, 1])
case("split", lambda x: (lambda p: p[0].sum(1, keepdim=True) * p[2] ** 2)(torch.split(x, [1, 2, 1], 2)), x)
case("split one", lambda x: x ** 2, x)
case("stack", lambda a, b: torch.stack([a, b * a], 1) ** 2, [2, 3], [2, 3])
case("unstack", lambda x: x[:, 0] * x[:, 2] ** 2, x)
case("slice", lambda x: x[1:, :2, 1:3] ** 2, x)
case("stridedSlice", lambda x: x[:, 1:7:2, :1] ** 2, ([2, 8, 3], -1, 1))
case("stridedSlice backwards", lambda x: x[:, [7, 4, 1]] ** 2, ([2, 8], -1, 1))
case("pad", lambda x: F.pad(x, (1, 2, 0, 1), value=0.5) ** 2, [2, 3])
case("mirrorPad reflect", lambda x: F.pad(x[None], (2, 1, 1, 2), mode="reflect")[0] ** 2, [1, 4, 4])
case("mirrorPad symmetric", lambda x: x[[1, 0, 0, 1, 2, 2]][:, [0, 0, 1, 2, 3, 3]] ** 2, [3, 4])
case("tile", lambda x: x.tile(2, 1, 3) ** 2, [2, 1, 2])
case("broadcastTo", lambda x: x.expand(2, 3, 4) ** 2, [3, 1])
case("gather rows", lambda x: x[[2, 0, 2, 1]] ** 2, [3, 4])
case("gather columns", lambda x: x[:, [[2, 0], [2, 1]]] ** 2, [2, 3, 4])
case("gather batched", lambda x: torch.stack([x[0][[2, 0, 2]], x[1][[1, 1, 0]]]) ** 2, [2, 3, 4])
case("gatherND", lambda x: x[[0, 1, 1], [2, 0, 0]] ** 2, [2, 3, 2])
case("scatterND", lambda u: torch.zeros(4, 2, dtype=u.dtype).index_add(0, torch.tensor([3, 1, 3]), u) ** 2, [3, 2])
case("tensorScatterUpdate", lambda x, u: x.index_put((torch.tensor([3, 1]),), u) ** 2, [4, 2], [2, 2])
case("unsortedSegmentSum", lambda x: torch.zeros(3, 2, dtype=x.dtype).index_add(0, torch.tensor([2, 0, 2, 0]), x) ** 2, [4, 2])
case("spaceToBatchND", lambda x: x.reshape(1, 2, 2, 3, 2, 1).permute(2, 4, 0, 1, 3, 5).reshape(4, 2, 3, 1) ** 2, [1, 4, 6, 1])
case("batchToSpaceND", lambda x: x.reshape(2, 2, 1, 2, 3, 1).permute(2, 3, 0, 4, 1, 5).reshape(1, 4, 6, 1) ** 2, [4, 2, 3, 1])
case("depthToSpace", lambda x: x.reshape(2, 2, 3, 2, 2, 2).permute(0, 1, 3, 2, 4, 5).reshape(2, 4, 6, 2) ** 2, [2, 2, 3, 8])
case("diag", lambda x: torch.diag(x) ** 2, [3])
case("topk", lambda x: x.topk(2, -1).values ** 2, [3, 5])

# Products
for ta in (False, True):
    for tb in (False, True):
        def product(a, b, ta=ta, tb=tb):
            return (a.mT if ta else a) @ (b.mT if tb else b)
        flags = f"{'T' if ta else 'N'}{'T' if tb else 'N'}"
        sa, sb = ([3, 2] if ta else [2, 3]), ([4, 3] if tb else [3, 4])
        case(f"matMul {flags}", product, sa, sb)
        case(f"matMul {flags} batched", product, [2] + sa, [2] + sb)
        case(f"matMul {flags} shared right", product, [2] + sa, sb)
        case(f"matMul {flags} shared left", product, [1] + sa, [2] + sb)
case("einsum product", lambda a, b: torch.einsum("bij,kj->bik", a, b), [2, 3, 2], [4, 2])
case("einsum sum", lambda a: torch.einsum("bij->b", a) ** 2, [2, 3, 2])
case("einsum single", lambda a: torch.einsum("bij->jb", a) ** 2, [2, 3, 2])

# Convolutions and windows
for name, f, sx, sw in [
    ("same", conv2d(), [1, 4, 5, 2], [3, 3, 2, 2]), ("valid", conv2d(pad="valid"), [1, 4, 4, 2], [2, 3, 2, 1]),
    ("stride 2 odd", conv2d(2), [2, 5, 5, 1], [3, 3, 1, 2]), ("stride 2 even", conv2d(2), [1, 4, 6, 1], [3, 3, 1, 2]),
    ("1x1", conv2d(), [2, 2, 2, 2], [1, 1, 2, 3]), ("dilation", conv2d(dilation=2), [1, 5, 6, 1], [3, 3, 1, 2]),
    ("dilation valid", conv2d(pad="valid", dilation=2), [1, 5, 6, 1], [2, 3, 1, 2]),
    ("explicit pad", conv2d(2, [(0, 1), (1, 2)]), [1, 4, 4, 2], [3, 3, 2, 1]),
    ("number pad", conv2d(1, [(1, 1), (1, 1)]), [1, 3, 4, 1], [2, 2, 1, 2]),
]:
    case(f"conv2d {name}", f, sx, sw)
case("conv2dTranspose same", conv2d_transpose(2, "same", (4, 6)), [1, 2, 3, 2], [3, 3, 1, 2])
case("conv2dTranspose valid", conv2d_transpose(2, "valid", (6, 6)), [1, 2, 2, 1], [4, 4, 2, 1])
for name, f, sx, sw in [
    ("same", depthwise(), [1, 4, 5, 2], [3, 3, 2, 1]), ("multiplier", depthwise(2), [1, 5, 5, 2], [3, 3, 2, 2]),
    ("valid", depthwise(1, "valid"), [2, 4, 4, 2], [2, 2, 2, 1]),
    ("dilation", depthwise(dilation=2), [1, 5, 5, 2], [3, 3, 2, 1]),
]:
    case(f"depthwiseConv2d {name}", f, sx, sw)
case("conv3d same", conv3d(), [1, 3, 3, 4, 1], [2, 3, 2, 1, 2])
case("conv3d stride", conv3d(2), [1, 3, 4, 3, 2], [2, 2, 2, 2, 1])
for kind in ("avg", "max"):
    for name, args, s in [
        ("2x2", (2, 2, "valid"), [2, 4, 6, 2]), ("2x2 odd same", (2, 2, "same"), [1, 5, 3, 2]),
        ("3x3 stride 2 same", (3, 2, "same"), [1, 5, 6, 1]), ("3x3 stride 1 same", (3, 1, "same"), [1, 3, 4, 2]),
        ("3x3 stride 2 valid", (3, 2, "valid"), [1, 6, 7, 1]), ("2x2 rest dropped", (2, 2, "valid"), [1, 5, 5, 1]),
        ("padded", (3, 2, [(1, 1), (1, 1)]), [1, 5, 5, 1]),
    ]:
        case(f"{kind}Pool {name}", lambda x, kind=kind, args=args: pool(kind, *args)(x) ** 2, s)
    case(f"{kind}Pool3d", lambda x, kind=kind: pool(kind, 2, 2, "same", 3)(x) ** 2, [1, 3, 4, 3, 2])
    case(f"{kind}Pool3d overlapping", lambda x, kind=kind: pool(kind, 3, 2, "same", 3)(x) ** 2, [1, 3, 4, 5, 1])
for kind, f in (("Bilinear", bilinear), ("NearestNeighbor", nearest)):
    for name, size, align, half in [
        ("up", (5, 8), False, False), ("up aligned", (5, 8), True, False), ("up half pixel", (5, 8), False, True),
        ("down", (2, 3), False, False), ("down aligned", (2, 3), True, False), ("down half pixel", (2, 3), False, True),
        ("to one", (1, 1), True, False),
    ]:
        case(f"resize{kind} {name}", lambda x, f=f, a=(size, align, half): f(*a)(x) ** 2, [2, 3, 4, 1])

# Compositions that go wrong when outputs are saved or masks are differentiated
case("gradient penalty through leakyRelu", lambda x, w, v: F.leaky_relu(F.leaky_relu(x @ w, 0.2) @ v, 0.2), ([3, 2], -2, 2), [2, 4], [4, 1])
case("attention", lambda q, k, v: torch.softmax(q @ k.mT / math.sqrt(2), -1) @ v, [2, 3, 2], [2, 4, 2], [2, 4, 2])
case("layer norm", lambda x, g: (x - x.mean(-1, keepdim=True)) * torch.rsqrt(x.var(-1, keepdim=True, unbiased=False) + 1e-5) * g, ([2, 4], -2, 2), [4])

for path, rows in zip(sys.argv[1:], (cases, differences)):
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")
print(len(cases), "cases; central differences differ from PyTorch's derivatives by", worst)

"""Golden files for the network, its gradients, Adam, and the color arithmetic.

    python3 test/golden/make_golden.py            # needs torch and numpy; writes beside itself

An implementation that shares nothing with the TypeScript one: PyTorch on the CPU, float64 throughout (output, loss,
gradients and the ten Adam steps), started from float32 values. Each run checks the gradients by central differences.

Layers   Channels-last arrays. All convolutions 3x3 but the fusion (1x1). SAME as in TensorFlow: an even size at
         stride 2 pads 0 at the top and left, 1 at the bottom and right. Bias and ReLU everywhere; dec5 has tanh for
         ReLU. Nearest x2 follows dec1, dec3 and dec5. Kind 'none': fusion = relu(conv(enc8) + bias). Kind 'vector':
         relu(conv(enc8) + e . fusion.embedding + bias), e being one row an image.
Names    `<layer>.weight` [kh, kw, cin, cout], `fusion.embedding` [E, cout], `<layer>.bias` [cout]; parameters are
         numbered from 0 in the order of LAYERS, each layer's weight, (embedding,) bias.
Divisor  divides every channel count but the input's 1 and the output's 2 (E is not divided either).
Values   random(n, seed), a counter hash with values in [-1, 1], below. All of this is float32, each operation rounded:
           parameter k  random(n, 1000 + k) * float32(limit); limit = sqrt(6 / fan_in), fan_in = kh * kw * cin (E for
                        the embedding's weights), and 0.1 for a bias
           lightness    random(N*H*W, seed)           [N, H, W, 1]; the first seed from 5000 on that keeps every ReLU's
                        input away from 0 by 1e-5 of its layer's rms: rounding must not decide which side it is on
           embedding    random(N*E, 2)                [N, E]
           target       random(N*H*W*2, 3) * 0.5      [N, H, W, 2]
           mask         random(N*H*W, 4) > -0.5       [N, H, W], 1 or 0
Loss     d = output - target at full size. Plain: mean(d^2) over N, H, W, 2. Masked: sum(mask * d^2) / (2 * sum(mask)).
Adam     ten steps on the same batch; rate 0.001, betas 0.9 / 0.999, epsilon 1e-8 added to sqrt(v / (1 - beta2^t)).
         losses[i] is the loss after i steps, i = 0..10.
Summary  {sum, norm, samples}: the sum, the l2 norm, and the elements (j * 2654435761) mod n, j < count, of the flat
         array (the multiplier is odd, so that the samples spread over all of the last axis). A parameter has `first`
         (as made), `gradient` (64 samples; only where the gradients are not stored whole) and `after` (ten steps).
         A layer's activations are those before its nearest x2.
File     JSON. A big array is {shape, data}: data is base64 of little-endian float32, rounded from float64. Small
         ones are plain numbers. `float32` says how far the same computation in PyTorch float32 is from this file: a
         yardstick for tolerances. Ten steps at full width go through a loss of 0.76 and amplify rounding; there,
         compare the last parameters as an l2 norm relative to the update's, not one by one.
"""

import base64
import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
COMMAND = "python3 test/golden/make_golden.py"

# name, kernel, input channels, output channels, stride, nearest x2 afterwards
LAYERS = [
    ("enc1", 3, 1, 64, 2, False),
    ("enc2", 3, 64, 128, 1, False),
    ("enc3", 3, 128, 128, 2, False),
    ("enc4", 3, 128, 256, 1, False),
    ("enc5", 3, 256, 256, 2, False),
    ("enc6", 3, 256, 512, 1, False),
    ("enc7", 3, 512, 512, 1, False),
    ("enc8", 3, 512, 256, 1, False),
    ("fusion", 1, 256, 256, 1, False),
    ("dec1", 3, 256, 128, 1, True),
    ("dec2", 3, 128, 64, 1, False),
    ("dec3", 3, 64, 64, 1, True),
    ("dec4", 3, 64, 32, 1, False),
    ("dec5", 3, 32, 2, 1, True),
]
STEPS = 10
SPREAD = 2654435761


@dataclass(frozen=True)
class Case:
    name: str
    divisor: int
    batch: int
    height: int
    width: int
    embedding: int = 0  # 0: kind 'none'
    masked: bool = False
    whole_gradients: bool = True


CASES = [
    Case("small-none", 8, 2, 32, 24),
    Case("small-vector", 8, 3, 16, 40, embedding=13, masked=True),
    Case("full-none", 1, 1, 32, 40, whole_gradients=False),
]


def random(n: int, seed: int) -> np.ndarray:
    i = np.arange(1, n + 1, dtype=np.uint64)
    z = ((seed + i * 0x9E3779B9) & 0xFFFFFFFF).astype(np.uint32)
    z = (z ^ (z >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    z = (z ^ (z >> np.uint32(15))) * np.uint32(0x735A2D97)
    z = z ^ (z >> np.uint32(15))
    return (z.astype(np.float64) / 2**31 - 1).astype(np.float32)


def parameters(case: Case) -> dict[str, np.ndarray]:
    made: dict[str, np.ndarray] = {}

    def add(name: str, shape: tuple[int, ...], limit: float) -> None:
        values = random(math.prod(shape), 1000 + len(made)) * np.float32(limit)
        assert values.dtype == np.float32
        made[name] = values.reshape(shape)

    for name, kernel, cin, cout, _, _ in LAYERS:
        cin = cin if name == "enc1" else cin // case.divisor
        cout = cout if name == "dec5" else cout // case.divisor
        add(f"{name}.weight", (kernel, kernel, cin, cout), math.sqrt(6 / (kernel * kernel * cin)))
        if name == "fusion" and case.embedding:
            add("fusion.embedding", (case.embedding, cout), math.sqrt(6 / case.embedding))
        add(f"{name}.bias", (cout,), 0.1)
    return made


def lightness(case: Case, seed: int) -> np.ndarray:
    return random(case.batch * case.height * case.width, seed).reshape(case.batch, case.height, case.width, 1)


def inputs(case: Case) -> dict[str, np.ndarray]:
    n, h, w = case.batch, case.height, case.width
    made = {
        "lightness": lightness(case, safe_seed(case)),
        "target": (random(n * h * w * 2, 3) * np.float32(0.5)).reshape(n, h, w, 2),
    }
    if case.embedding:
        made["embedding"] = random(n * case.embedding, 2).reshape(n, case.embedding)
    if case.masked:
        made["mask"] = (random(n * h * w, 4) > -0.5).astype(np.float32).reshape(n, h, w)
    return made


@cache
def safe_seed(case: Case) -> int:
    p = {name: torch.from_numpy(a).double() for name, a in parameters(case).items()}
    x = {}
    if case.embedding:
        x["embedding"] = torch.from_numpy(random(case.batch * case.embedding, 2).reshape(case.batch, -1)).double()
    for seed in range(5000, 6000):
        x["lightness"] = torch.from_numpy(lightness(case, seed)).double()
        before: list[torch.Tensor] = []
        forward(p, x, before)
        if all(a.abs().min() > 1e-5 * a.square().mean().sqrt() for a in before):
            return seed
    raise AssertionError(f"{case.name}: no seed keeps the ReLUs away from 0")


def same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def forward(
    p: dict[str, torch.Tensor], x: dict[str, torch.Tensor], before: list[torch.Tensor] | None = None
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The output [N, H, W, 2], and every layer's activations [N, h, w, c] before a nearest x2.

    What goes into the ReLUs is appended to `before`.
    """
    activations = {}
    y = x["lightness"].permute(0, 3, 1, 2)
    for name, kernel, _, _, stride, doubled in LAYERS:
        top, bottom = same(y.shape[2], kernel, stride)
        left, right = same(y.shape[3], kernel, stride)
        y = F.conv2d(F.pad(y, (left, right, top, bottom)), p[f"{name}.weight"].permute(3, 2, 0, 1), stride=stride)
        if name == "fusion" and "embedding" in x:
            y = y + (x["embedding"] @ p["fusion.embedding"])[:, :, None, None]
        y = y + p[f"{name}.bias"][None, :, None, None]
        if before is not None and name != "dec5":
            before.append(y)
        y = y.tanh() if name == "dec5" else y.relu()
        activations[name] = y.permute(0, 2, 3, 1)
        if doubled:
            y = y.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    return y.permute(0, 2, 3, 1), activations


def loss_of(output: torch.Tensor, x: dict[str, torch.Tensor]) -> torch.Tensor:
    squares = (output - x["target"]) ** 2
    if "mask" not in x:
        return squares.mean()
    return (x["mask"][..., None] * squares).sum() / (2 * x["mask"].sum())


def compute(case: Case, dtype: torch.dtype) -> dict:
    x = {name: torch.from_numpy(a).to(dtype) for name, a in inputs(case).items()}
    p = {name: torch.from_numpy(a).to(dtype).requires_grad_() for name, a in parameters(case).items()}
    output, activations = forward(p, x)
    loss_of(output, x).backward()
    result = {
        "output": output.detach().numpy(),
        "activations": {name: a.detach().numpy() for name, a in activations.items()},
        "gradients": {name: a.grad.numpy().copy() for name, a in p.items()},
    }
    adam = torch.optim.Adam(p.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, foreach=False)
    losses = []
    for step in range(STEPS + 1):
        adam.zero_grad()
        loss = loss_of(forward(p, x)[0], x)
        losses.append(loss.item())
        if step < STEPS:
            loss.backward()
            adam.step()
    result["losses"] = losses
    result["after"] = {name: a.detach().numpy() for name, a in p.items()}
    return result


def check_by_differences(case: Case, gradients: dict[str, np.ndarray]) -> float:
    """Central differences in float64: along a direction through all of each parameter, and at its largest entry."""
    x = {name: torch.from_numpy(a).double() for name, a in inputs(case).items()}
    p = {name: torch.from_numpy(a).double() for name, a in parameters(case).items()}
    worst = 0.0
    with torch.no_grad():
        for seed, (name, value) in enumerate(list(p.items())):
            g = gradients[name]
            everywhere = random(g.size, 2000 + seed).astype(np.float64).reshape(g.shape)
            one = np.zeros(g.size)
            one[np.abs(g).argmax()] = 1
            for direction in (everywhere / np.linalg.norm(everywhere), one.reshape(g.shape)):
                h = 1e-6
                along = torch.from_numpy(direction) * h
                high = loss_of(forward({**p, name: value + along}, x)[0], x).item()
                low = loss_of(forward({**p, name: value - along}, x)[0], x).item()
                error = abs((high - low) / (2 * h) - float((g * direction).sum())) / np.linalg.norm(g)
                worst = max(worst, error)
    return worst


def rounded(value: float, digits: int = 12) -> float:
    return float(f"{value:.{digits}g}")


def summary(a: np.ndarray, count: int) -> dict:
    flat = a.astype(np.float64).ravel()
    return {
        "sum": rounded(flat.sum()),
        "norm": rounded(np.linalg.norm(flat)),
        "samples": [rounded(flat[j * SPREAD % flat.size], 9) for j in range(count)],
    }


def packed(a: np.ndarray) -> dict:
    return {"shape": list(a.shape), "data": base64.b64encode(a.astype("<f4").tobytes()).decode()}


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a.astype(np.float64) - b) / np.linalg.norm(b))


def golden(case: Case) -> dict:
    exact, single = compute(case, torch.float64), compute(case, torch.float32)
    error = check_by_differences(case, exact["gradients"])
    print(f"{case.name}: gradients against central differences, worst relative error {error:.1e}")
    assert error < 1e-6
    first = parameters(case)
    updates = {name: a - first[name] for name, a in exact["after"].items()}
    return {
        "about": "Computed in float64 by PyTorch on the CPU from float32 values; protocol: the top of make_golden.py",
        "torch": torch.__version__,
        "command": COMMAND,
        "divisor": case.divisor,
        "kind": "vector" if case.embedding else "none",
        "embedding": case.embedding,
        "batch": case.batch,
        "height": case.height,
        "width": case.width,
        "masked": case.masked,
        "seed": safe_seed(case),
        "float32": {
            "about": "PyTorch float32 against this file. output: largest |difference|. gradients: largest |difference| "
            "/ |gradient|, l2 norms over one parameter. losses: relative. after: largest |difference| of one element; "
            "update: largest |difference| / |after - first|, l2 norms over one parameter",
            "output": rounded(np.abs(single["output"] - exact["output"]).max(), 2),
            "gradients": rounded(max(distance(single["gradients"][n], g) for n, g in exact["gradients"].items()), 2),
            "losses": [rounded(abs(s / e - 1), 2) for s, e in zip(single["losses"], exact["losses"], strict=True)],
            "after": rounded(max(np.abs(single["after"][n] - a).max() for n, a in exact["after"].items()), 2),
            "update": rounded(max(distance(single["after"][n] - first[n], u) for n, u in updates.items()), 2),
        },
        "losses": [rounded(loss) for loss in exact["losses"]],
        "inputs": {name: summary(a, 4) for name, a in inputs(case).items()},
        "activations": {name: {"shape": list(a.shape), **summary(a, 8)} for name, a in exact["activations"].items()},
        "parameters": {
            name: {
                "shape": list(a.shape),
                "first": summary(a, 2),
                **({} if case.whole_gradients else {"gradient": summary(exact["gradients"][name], 64)}),
                "after": summary(exact["after"][name], 16),
            }
            for name, a in first.items()
        },
        "output": packed(exact["output"]),
        "gradients": {n: packed(g) for n, g in exact["gradients"].items()} if case.whole_gradients else {},
    }


# --- color ---------------------------------------------------------------------------------------------------------


def matrix_from_primaries(white: np.ndarray) -> np.ndarray:
    """Linear sRGB to XYZ, from the primaries' chromaticities, so that white is exactly the white point."""
    primaries = np.array([[x / y, 1, (1 - x - y) / y] for x, y in ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))]).T
    return primaries * np.linalg.solve(primaries, white)


def lab_of(rgb: np.ndarray, matrix: np.ndarray, white: np.ndarray) -> np.ndarray:
    c = rgb / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    t = linear @ matrix.T / white
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def delta_e_2000(one: np.ndarray, two: np.ndarray) -> float:
    """CIEDE2000 (Sharma, Wu, Dalal 2005), all weights 1."""
    (l1, a1, b1), (l2, a2, b2) = one, two
    mean7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - math.sqrt(mean7 / (mean7 + 25.0**7)))
    a1, a2 = (1 + g) * a1, (1 + g) * a2
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else h2 - h1
    if abs(turn) > 180:
        turn -= math.copysign(360, turn)
    dl, dc, dh = l2 - l1, c2 - c1, 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn) / 2)
    lightness, c = (l1 + l2) / 2, (c1 + c2) / 2
    if c1 * c2 == 0:
        h = h1 + h2
    elif abs(h1 - h2) <= 180:
        h = (h1 + h2) / 2
    else:
        h = (h1 + h2 + 360) / 2 if h1 + h2 < 360 else (h1 + h2 - 360) / 2
    cos = lambda degrees: math.cos(math.radians(degrees))  # noqa: E731
    t = 1 - 0.17 * cos(h - 30) + 0.24 * cos(2 * h) + 0.32 * cos(3 * h + 6) - 0.2 * cos(4 * h - 63)
    sl = 1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    rc = 2 * math.sqrt(c**7 / (c**7 + 25.0**7))
    rt = -rc * math.sin(math.radians(60 * math.exp(-(((h - 275) / 25) ** 2))))
    return math.sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * dc / sc * dh / sh)


def colorfulness(rgb: np.ndarray) -> float:
    """Hasler and Süsstrunk 2003, M^(3), in units of 8-bit values, population standard deviations."""
    r, g, b = rgb.astype(np.float64).T
    rg, yb = r - g, (r + g) / 2 - b
    return math.hypot(rg.std(), yb.std()) + 0.3 * math.hypot(rg.mean(), yb.mean())


def lab() -> dict:
    corners = [[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)]
    greys = [[v, v, v] for v in (1, 10, 11, 22, 23, 64, 119, 200, 254)]
    dark = [[0, 0, 1], [0, 5, 0], [9, 0, 0], [3, 2, 1], [12, 10, 11], [0, 0, 40]]
    usual = [[135, 206, 235], [34, 139, 34], [255, 224, 189], [101, 67, 33], [255, 200, 0], [128, 0, 128]]
    count = 40 - len(corners + greys + dark + usual)
    hashed = np.floor((random(count * 3, 5).astype(np.float64) + 1) * 128).astype(int).reshape(-1, 3).tolist()
    rgb = np.array(corners + greys + dark + usual + hashed)
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    matrix = matrix_from_primaries(white)
    values = lab_of(rgb, matrix, white)
    pairs = [delta_e_2000(values[i], values[i + 1]) for i in range(len(values) - 1)]
    return {
        "about": "8-bit sRGB (IEC 61966-2-1) to CIE L*a*b* in float64; D65 at x 0.3127, y 0.3290, the matrix derived "
        "from the primaries (greys have a* = b* = 0 but for rounding). deltaE2000[i] is between colors i and i + 1. "
        "colorfulness (Hasler and Süsstrunk, 8-bit units, population deviations) is that of the 40 colors as a "
        "picture. Other implementations' rounded matrices and white points move a* and b* by about 0.01.",
        "command": COMMAND,
        "white": white.tolist(),
        "matrix": matrix.tolist(),
        "rgb": rgb.tolist(),
        "lab": [[round(v, 9) + 0.0 for v in row] for row in values.tolist()],
        "deltaE2000": [round(d, 9) for d in pairs],
        "colorfulness": round(colorfulness(rgb), 9),
    }


def lines(value: object, depth: int = 0) -> str:
    """JSON with an object's entries on lines of their own, and arrays of numbers on one."""
    if isinstance(value, dict):
        pad = " " * (depth + 1)
        entries = ",\n".join(f"{pad}{json.dumps(k)}: {lines(v, depth + 1)}" for k, v in value.items())
        return f"{{\n{entries}\n{' ' * depth}}}" if value else "{}"
    return json.dumps(value, ensure_ascii=False)


def write(name: str, value: dict) -> None:
    path = HERE / f"{name}.json"
    path.write_text(lines(value) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    for case in CASES:
        write(case.name, golden(case))
    write("lab", lab())

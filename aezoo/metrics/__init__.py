"""One definition of every number that aezoo prints.

A metric is a function `(target, reconstruction, *, sample_range=(0.0, 1.0)) -> float`: the mean
over samples of two arrays of shape `(n, *sample_shape)`, either uint8 or float in `sample_range`.
A plugin adds one through the entry-point group `aezoo.metrics`. A metric that does not fit the
samples it is given (SSIM of vectors) raises `NotApplicable`.

Example:
    ```python
    import numpy as np
    from aezoo.metrics import mse, psnr

    target = np.zeros((4, 28, 28, 1))
    reconstruction = np.full((4, 28, 28, 1), 0.1)
    assert abs(mse(target, reconstruction) - 0.01) < 1e-9
    assert abs(psnr(target, reconstruction) - 20.0) < 1e-6
    ```
"""

from aezoo.metrics.active_units import active_units
from aezoo.metrics.bits_per_dim import bits_per_dim
from aezoo.metrics.coverage import coverage
from aezoo.metrics.density import density
from aezoo.metrics.elbo import elbo
from aezoo.metrics.fid_classifier import fid_classifier
from aezoo.metrics.kid_classifier import kid_classifier
from aezoo.metrics.kid_imagenet import kid_imagenet
from aezoo.metrics.memorisation import memorisation
from aezoo.metrics.ms_ssim import ms_ssim
from aezoo.metrics.mse import mse
from aezoo.metrics.nll import nll
from aezoo.metrics.precision import precision
from aezoo.metrics.psnr import psnr
from aezoo.metrics.recall import recall
from aezoo.metrics.samples import NotApplicable
from aezoo.metrics.ssim import ssim

__all__ = [
    "NotApplicable",
    "active_units",
    "bits_per_dim",
    "coverage",
    "density",
    "elbo",
    "fid_classifier",
    "kid_classifier",
    "kid_imagenet",
    "memorisation",
    "ms_ssim",
    "mse",
    "nll",
    "precision",
    "psnr",
    "recall",
    "ssim",
]

"""One definition of every number that aezoo prints.

A metric is a function. The names of its positional parameters say what evaluation gives it:
`target`, `reconstruction`, `real`, `generated`, `train`, `codes`, `labels`, `factors`, `tokens`,
`model` or `x` (see `aezoo.metrics.arguments`). Keyword-only parameters are options with defaults;
`sample_range`, `seed`, `codebook_size` and `batch_size` are filled in. It returns one float, or a
dict of floats, and raises `NotApplicable` where it has no meaning (SSIM of vectors). A plugin adds
one through the entry-point group `aezoo.metrics`.

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
from aezoo.metrics.clustering_accuracy import clustering_accuracy
from aezoo.metrics.clustering_nmi import clustering_nmi
from aezoo.metrics.code_perplexity import code_perplexity
from aezoo.metrics.code_usage import code_usage
from aezoo.metrics.coverage import coverage
from aezoo.metrics.dci import dci
from aezoo.metrics.density import density
from aezoo.metrics.elbo import elbo
from aezoo.metrics.factor_score import factor_score
from aezoo.metrics.fid_classifier import fid_classifier
from aezoo.metrics.kid_classifier import kid_classifier
from aezoo.metrics.kid_imagenet import kid_imagenet
from aezoo.metrics.knn_accuracy import knn_accuracy
from aezoo.metrics.linear_probe import linear_probe
from aezoo.metrics.memorisation import memorisation
from aezoo.metrics.mig import mig
from aezoo.metrics.ms_ssim import ms_ssim
from aezoo.metrics.mse import mse
from aezoo.metrics.nll import nll
from aezoo.metrics.precision import precision
from aezoo.metrics.psnr import psnr
from aezoo.metrics.recall import recall
from aezoo.metrics.samples import NotApplicable
from aezoo.metrics.sap import sap
from aezoo.metrics.ssim import ssim
from aezoo.metrics.trustworthiness import trustworthiness

__all__ = [
    "NotApplicable",
    "active_units",
    "bits_per_dim",
    "clustering_accuracy",
    "clustering_nmi",
    "code_perplexity",
    "code_usage",
    "coverage",
    "dci",
    "density",
    "elbo",
    "factor_score",
    "fid_classifier",
    "kid_classifier",
    "kid_imagenet",
    "knn_accuracy",
    "linear_probe",
    "memorisation",
    "mig",
    "ms_ssim",
    "mse",
    "nll",
    "precision",
    "psnr",
    "recall",
    "sap",
    "ssim",
    "trustworthiness",
]

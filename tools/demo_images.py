"""Writes the few real images that `aezoo demo` shows: the first 16 of Fashion-MNIST's test split.

    python tools/demo_images.py

Fashion-MNIST is under the MIT licence, copyright 2017 Zalando SE, https://tech.zalando.com.
"""

from pathlib import Path

import numpy as np

from aezoo import data

TARGET = Path(__file__).resolve().parent.parent / "aezoo" / "demo" / "fashion_mnist.npz"

if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    test = data.load("fashion_mnist", "test")
    np.savez_compressed(TARGET, x=test.x[:16], y=test.labels[:16])
    print(f"wrote {TARGET.name}: {TARGET.stat().st_size} bytes")

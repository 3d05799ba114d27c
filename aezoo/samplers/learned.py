"""What the samplers that learn by gradients share: white codes in, arrays out."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from aezoo.samplers import SIGMAS, check_arrays
from aezoo.samplers.whitening import Whitening, load_whitening, whiten

FEWEST = 10
AT_ONCE = 1_000


class Learned:
    """Base of the samplers whose parameters are learnt from white codes with Keras.

    A subclass gives `name`, `_shapes`, `_learn` and `_map`; Keras is imported by `_learn` alone.
    """

    name: ClassVar[str]
    whitening: Whitening
    parameters: dict[str, np.ndarray]

    def fit(self, codes: np.ndarray, *, seed: int = 0) -> Self:
        """Learns from codes.

        Args:
            codes: Shape `(n, d)`, at least 10 of them.
            seed: Seed of the start, of the held-out codes and of their order.

        Returns:
            The sampler.

        Raises:
            ValueError: Too few codes, all the same, or the training diverged.
        """
        if len(codes) < FEWEST:
            raise ValueError(
                f"{self.name} needs at least {FEWEST} samples; 'normal' needs one. "
                f"Received: {len(codes)} samples."
            )
        whitening = whiten(codes, self.name)
        return self.load({**self._learn(whitening.forward(codes), seed), **whitening.arrays()})

    @property
    def noise_dim(self) -> int:
        """Numbers of noise for one code."""
        return self.whitening.factor.shape[1]

    def transform(self, noise: np.ndarray, condition: None = None) -> np.ndarray:
        """Maps standard normal noise `(n, noise_dim)` to codes `(n, d)`, float32."""
        codes = np.empty((len(noise), len(self.whitening.mean)), "float32")
        for start in range(0, len(noise), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            codes[part] = self.whitening.inverse(self._map(noise[part].astype("float32")))
        return codes

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns what was learned, float32 by name."""
        return {**self.parameters, **self.whitening.arrays()}

    def load(self, arrays: dict[str, np.ndarray]) -> Self:
        """Takes what `arrays` returned."""
        whitening = load_whitening(arrays, self.name)
        d, r = whitening.factor.shape
        expected = self._shapes(r)
        check_arrays(arrays, {**expected, "mean": (d,), "factor": (d, r)}, self.name)
        self.whitening = whitening
        self.parameters = {name: arrays[name].astype("float32") for name in expected}
        self._check_finite()
        return self

    def _check_finite(self) -> None:
        """Raises ValueError where noise at the end of its reach gives codes that are not finite."""
        far = SIGMAS * np.array([[0.0], [1.0], [-1.0]]) * np.ones(self.noise_dim)
        with np.errstate(all="ignore"):
            finite = np.isfinite(self.transform(far)).all()
        if not finite:
            raise ValueError(f"The codes of sampler {self.name!r} are not finite.")

    def _shapes(self, r: int) -> dict[str, tuple[int, ...]]:
        """Returns the shape of each parameter by name, for white codes of `r` numbers."""
        raise NotImplementedError

    def _learn(self, white: np.ndarray, seed: int) -> dict[str, np.ndarray]:
        """Returns the parameters learnt from white codes `(n, r)`."""
        raise NotImplementedError

    def _map(self, noise: np.ndarray) -> np.ndarray:
        """Maps noise `(n, noise_dim)`, float32, to white codes `(n, r)`."""
        raise NotImplementedError

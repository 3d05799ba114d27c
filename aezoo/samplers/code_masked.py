"""A masked transformer over tokens."""

from typing import Annotated, Any

import numpy as np

from aezoo.samplers import transformer
from aezoo.samplers.token_model import TokenModel
from aezoo.schema import Interval


class CodeMasked(TokenModel):
    """Transformer that draws the tokens of a code in a few steps, many at once (MaskGIT).

    It learns to fill in hidden tokens. Drawing begins with all of them hidden; every step draws
    those at the places where it is surest, along a cosine schedule. Fewer steps than there are
    tokens take those of one step as independent.

    A place is the surer the lower the entropy of its tokens. The paper takes the probability of the
    token that was drawn, and so draws likely tokens more often than the model holds them to be.

    Args:
        steps: Number of steps, each of which runs the network once; at most one a token is made.
        choice_temperature: Weight of the noise in the choice of places, which falls to 0 with the
            steps.
        **kwargs: `width`, `depth`, `heads`, `temperature`, `iterations` and `learning_rate`, see
            `aezoo.samplers.code_transformer`.

    Example:
        ```python
        model = aezoo.create("vq_vae", sample_shape=(8, 8, 1), latent_dim=8, codebook_size=32)
        model.compile("adam")
        x = aezoo.data.load("digits").x
        model.fit(x, epochs=1, verbose=0)
        model.fit_sampler("code_masked", x, width=16, iterations=100)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Chang et al., 2022](https://arxiv.org/abs/2202.04200)
    """

    name = "code_masked"
    extra = 1

    def __init__(
        self,
        *,
        steps: Annotated[int, Interval(1, 64)] = 8,
        choice_temperature: Annotated[float, Interval(0.0, 1e6)] = 4.5,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.steps, self.choice_temperature = steps, choice_temperature

    @property
    def noise_dim(self):
        """Numbers of noise for one code: in every step a token and a choice for each place."""
        return 2 * self.places * len(schedule(self.places, self.steps))

    def _corrupt(self, tokens, rng):
        """Hides a random share of the tokens, `cos(pi u / 2)` with `u` uniform."""
        n, places = tokens.shape
        number = np.ceil(places * np.cos(0.5 * np.pi * rng.random((n, 1))))
        rank = np.argsort(rng.random((n, places)), axis=1)
        return tokens, (rank < np.maximum(number, 1)).astype("float32")

    def _loss(self, parameters, tokens, hidden, ops):
        """Returns the mean negative log probability of the hidden tokens."""
        scores = self._fill(parameters, tokens, hidden, ops)
        surprise = transformer.surprise(scores, tokens, ops)
        return ops.sum(hidden * surprise, axis=-1) / ops.sum(hidden, axis=-1)

    def _draw(self, uniform):
        n, places = len(uniform), self.places
        noise = uniform.reshape(n, -1, 2, places)
        tokens, hidden = np.zeros((n, places), "int32"), np.ones((n, places), bool)
        remaining = schedule(places, self.steps)
        for step, left in enumerate(remaining):
            scores = self._fill(self.parameters, tokens, hidden, np)
            gumbel = -np.log(-np.log(np.clip(noise[:, step, 1], 1e-300, 1.0 - 1e-16)))
            share = self.choice_temperature * (1.0 - (step + 1) / len(remaining))
            sureness = share * gumbel - self._entropy(scores)
            rank = np.argsort(np.argsort(np.where(hidden, sureness, np.inf), kind="stable"))
            drawn = hidden & (rank >= left)
            tokens = np.where(drawn, self._choose(scores, noise[:, step, 0]), tokens)
            hidden = hidden & ~drawn
        return tokens

    def _entropy(self, scores):
        shares = transformer.probabilities(scores / self.temperature, np)
        return -np.sum(shares * np.log(np.maximum(shares, 1e-300)), axis=-1)

    def _fill(self, parameters, tokens, hidden, ops):
        """Returns the log odds of every entry at each place, given the tokens not hidden."""
        entry = parameters["entry"]
        seen = ops.where(hidden > 0, entry.shape[0] - 1, tokens)
        return self._run(parameters, ops.take(entry, seen, axis=0) + parameters["place"], ops)


def schedule(places: int, steps: int) -> list[int]:
    """Returns how many tokens are hidden after each step: falling, along a cosine, to 0."""
    remaining, left = [], places
    for step in range(1, steps + 1):
        left = max(0, min(left - 1, int(places * np.cos(0.5 * np.pi * step / steps))))
        remaining.append(left)
        if left == 0:
            break
    return remaining

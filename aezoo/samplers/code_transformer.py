"""An autoregressive transformer over tokens."""

import numpy as np

from aezoo.samplers import transformer
from aezoo.samplers.token_model import TokenModel


class CodeTransformer(TokenModel):
    """Transformer that draws the tokens of a code one after another, each given those before.

    Places are taken in raster order. One normal number chooses each token, through the inverse
    distribution function of its probabilities.

    Args:
        width: Units of a place.
        depth: Number of blocks.
        heads: Heads of the attention; a divisor of `width`.
        temperature: Divides the log odds of tokens: below 1 for likelier ones, above 1 for more
            variety.
        iterations: Largest number of steps of Adam; they end when the likelihood of held-out
            samples no longer rises.
        learning_rate: Step of Adam at the start.

    Example:
        ```python
        model = aezoo.create("vq_vae", sample_shape=(8, 8, 1), latent_dim=8, codebook_size=32)
        model.compile("adam")
        x = aezoo.data.load("digits").x
        model.fit(x, epochs=1, verbose=0)
        model.fit_sampler("code_transformer", x, width=16, iterations=100)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [van den Oord et al., 2017](https://arxiv.org/abs/1711.00937), section 3.3;
        [Esser et al., 2021](https://arxiv.org/abs/2012.09841) for the transformer
    """

    name = "code_transformer"

    @property
    def noise_dim(self):
        """Numbers of noise for one code: one for each token."""
        return self.places

    def log_prob(self, tokens):
        """Returns the log probability of tokens `(n, places)` in nats, shape `(n,)`."""
        tokens = np.asarray(tokens, "int32")
        return -self.places * self._bounded_loss(self.parameters, tokens, np)

    def _loss(self, parameters, tokens, ops):
        """Returns the mean over the places of a token's negative log probability."""
        places = tokens.shape[1]
        before = ops.take(parameters["entry"], tokens[:, :-1], axis=0)
        x = ops.pad(before, ((0, 0), (1, 0), (0, 0))) + parameters["place"]
        later = np.triu(np.full((places, places), transformer.FORBIDDEN, "float32"), 1)
        scores = self._run(parameters, x, ops, mask=later)
        return ops.mean(transformer.surprise(scores, tokens, ops), axis=-1)

    def _draw(self, uniform):
        n, places = uniform.shape
        tokens = np.empty((n, places), "int32")
        size = (self.depth, 2, n, self.heads, places, self.width // self.heads)
        known, x = np.empty(size), np.zeros((n, self.width))

        for place in range(places):

            def remember(layer, keys, values, place=place):
                known[layer, :, :, :, place] = keys[:, :, 0], values[:, :, 0]
                return known[layer, 0, :, :, : place + 1], known[layer, 1, :, :, : place + 1]

            x = x + self.parameters["place"][place]
            scores = self._run(self.parameters, x[:, None], np, remember=remember)[:, 0]
            tokens[:, place] = self._choose(scores, uniform[:, place])
            x = self.parameters["entry"][tokens[:, place]]
        return tokens

"""The vector-quantised variational autoencoder."""

from typing import Annotated, Literal

import keras

from aezoo import quantize
from aezoo.core import Autoencoder
from aezoo.schema import Interval, Length, Product, Rate, Size, Weight

Grid = Annotated[tuple[Size, ...], Length(1, 4), Product(2**14)]


@keras.saving.register_keras_serializable(package="aezoo")
class VQVAE(Autoencoder):
    """Autoencoder whose code is a grid of entries of a learned codebook (VQ-VAE).

    The encoder gives a vector of `latent_dim` numbers at every place of a grid, and the nearest
    entry of the codebook replaces it; the decoder's gradient is passed straight through to the
    encoder. `encode` gives these entries, `(n, *grid, latent_dim)`, and `tokenize` their indices,
    `(n, *grid)`. The objective is `nll + commitment * |z - sg(e)|^2`, the distance a mean over the
    places, and `|sg(z) - e|^2` with `codebook="gradient"`.

    It has no prior: fit a sampler of tokens (`model.fit_sampler("code_transformer", data)`) to
    generate. Training reports `usage`, the share of the entries that an epoch used, and their
    `perplexity`.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Size of an entry.
        codebook_size: Number of entries.
        grid: Places of a code, such as `(7, 7)`; None for the smallest grid of the body where it
            has one (`conv` without `hidden`, `resnet`), and else for one place, `(1,)`.
        commitment: Weight of the distance that draws the encoder to the entries.
        codebook: How entries are learned: `"ema"`, as moving averages of the vectors that they
            replace, or `"gradient"`.
        decay: Decay of the moving averages.
        restart: Share of the mean usage below which an entry is restarted as a random vector of the
            batch; 0 for never.
        **kwargs: See `aezoo.Autoencoder`.

    Example:
        ```python
        model = aezoo.create("vq_vae", sample_shape=(8, 8, 1), latent_dim=8, codebook_size=64)
        model.compile("adam")
        x = aezoo.data.load("digits").x
        model.fit(x, epochs=1, verbose=0)
        tokens = model.tokenize(x[:4])  # (4, 2, 2), from 0 to 63
        images = model.detokenize(tokens)
        ```

    Reference:
        [van den Oord et al., 2017](https://arxiv.org/abs/1711.00937);
        [Razavi et al., 2019](https://arxiv.org/abs/1906.00446)
    """

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        codebook_size: Annotated[int, Interval(2, 2**16)] = 512,
        grid: Grid | None = None,
        commitment: Weight = 0.25,
        codebook: Literal["ema", "gradient"] = "ema",
        decay: Rate = 0.99,
        restart: Rate = 0.1,
        **kwargs,
    ):
        self.grid = grid if grid is None else tuple(int(size) for size in grid)
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.codebook_size = int(codebook_size)
        self.commitment, self.codebook = commitment, codebook
        self.decay, self.restart = decay, restart
        with self.construction():
            self.quantizer = quantize.Codebook(
                self.codebook_size,
                self.latent_dim,
                learned=codebook,
                decay=decay,
                restart=restart,
                noise=self.noise,
            )
        self.code_usage = quantize.CodeUsage(self.codebook_size)

    @property
    def token_shape(self):
        """Shape of the tokens of one code: the grid."""
        if self.grid is not None:
            return self.grid
        smallest = getattr(self.body, "grid", lambda sample_shape: None)
        return smallest(self.preprocess.inner_shape) or (1,)

    @property
    def code_shape(self):
        """Shape of one code: the grid, and an entry at each of its places."""
        return (*self.token_shape, self.latent_dim)

    def posterior(self, x, training=False, condition=None):
        """Returns the encoder's `output`, the vectors to quantise, `(n, *code_shape)`."""
        return {"output": self.encoder.network(x, training=training)}

    def code(self, posterior):
        """Returns the entries nearest to the encoder's output."""
        return self.embed(self.tokens(posterior))

    def tokens(self, posterior):
        """Returns the indices of the entries nearest to the encoder's output."""
        return self.quantizer.tokens(posterior["output"])

    def embed(self, tokens):
        """Returns the entries of the codebook."""
        return self.quantizer.embed(tokens)

    def forward(self, x, training=False, condition=None):
        """Reconstructs from the entries, which learn from the encoder's output in training."""
        output = self.posterior(x, training=training, condition=condition)["output"]
        tokens, quantised = self.quantizer(output, training=training)
        code = quantize.straight_through(output, quantised)
        found = {"code": code, "output": output, "quantised": quantised, "tokens": tokens}
        return found | self.reconstruction(code, training, condition)

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `commitment`, and `codebook` where gradients learn the entries."""
        self.code_usage.update_state(outputs["tokens"])
        terms = super().terms(x, target, outputs, training, condition)
        stop, output, quantised = keras.ops.stop_gradient, outputs["output"], outputs["quantised"]
        terms["commitment"] = quantize.distance(output, stop(quantised))
        if self.codebook == "gradient":
            terms["codebook"] = quantize.distance(stop(output), quantised)
        return terms

    def term_weights(self):
        """Weighs `commitment` by its own weight and `codebook` by 1."""
        weights = {**super().term_weights(), "commitment": self.commitment}
        return weights | ({"codebook": 1.0} if self.codebook == "gradient" else {})

"""The adversarial autoencoder."""

from typing import Annotated

import keras
from keras import ops

from aezoo import draws, losses
from aezoo.adversary import frozen, latent_critic, two_optimizers
from aezoo.fused_adam import FusedAdam
from aezoo.schema import Length, Size, Weight
from aezoo.variants.vae import VAE


@keras.saving.register_keras_serializable(package="aezoo")
class AAE(VAE):
    """Adversarial autoencoder: a critic draws the codes' distribution to the prior N(0, I).

    The critic tells codes, which are draws from the Gaussian posterior, from draws of the prior,
    and the encoder learns to be taken for the prior (the non-saturating game), in one backward
    pass. Nothing pays for the noise of the posterior, so that it fades in training; at first it
    smooths what the critic sees. `kl` is only reported, and `log_prob` is a loose bound: draws from
    a posterior so narrow cover little of the true one.

    Args:
        sample_shape: Shape of one sample without the batch axis.
        latent_dim: Number of latent units.
        adversarial: Weight of the encoder's adversarial term beside the negative log likelihood.
        critic: Units of the critic's hidden layers.
        **kwargs: See `aezoo.variants.vae.VAE`.

    Example:
        ```python
        model = aezoo.create("aae", sample_shape=(8, 8, 1), adversarial=2.0)
        model.compile()
        model.fit(aezoo.data.load("digits").x, epochs=1, verbose=0)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Makhzani et al., 2016](https://arxiv.org/abs/1511.05644)
    """

    kl_weight = 0.0

    def __init__(
        self,
        sample_shape,
        latent_dim=16,
        *,
        adversarial: Weight = 1.0,
        critic: Annotated[tuple[Size, ...], Length(1, 16)] = (256, 256),
        **kwargs,
    ):
        super().__init__(sample_shape, latent_dim, **kwargs)
        self.adversarial, self.critic = adversarial, critic
        with self.construction():
            self.critic_network = latent_critic(self.latent_dim, hidden=critic)

    def terms(self, x, target, outputs, training=False, condition=None):
        """Adds `adversarial`, the encoder's term, and `critic`, the critic's own."""
        code = outputs["code"]
        real = self.critic_network(draws.normal(ops.shape(code), self.noise))
        fake = self.critic_network(ops.stop_gradient(code))
        critic = losses.logistic_loss(real, real=True) + losses.logistic_loss(fake, real=False)
        deceit = losses.logistic_loss(frozen(self.critic_network)(code), real=True)
        terms = super().terms(x, target, outputs, training, condition)
        return {**terms, "adversarial": deceit, "critic": critic}

    def term_weights(self):
        """Weighs the encoder's term by `adversarial`; the critic's reaches only the critic."""
        return {**super().term_weights(), "adversarial": self.adversarial, "critic": 1.0}

    def default_optimizer(self, learning_rate=1e-3):
        """Returns Adam, with less momentum for the critic."""
        critic_optimizer = FusedAdam(learning_rate, beta_1=0.5)
        optimizer = super().default_optimizer(learning_rate)
        return two_optimizers(optimizer, self.critic_network, critic_optimizer)

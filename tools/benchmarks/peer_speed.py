"""Times pythae's models, on request of `benchmarks.speed`; runs in the peer's environment."""

import functools
import tempfile

import numpy as np
import torch
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.nn.benchmarks.mnist import Decoder_Conv_AE_MNIST, Encoder_Conv_VAE_MNIST
from pythae.samplers import NormalSampler
from pythae.trainers import BaseTrainer, BaseTrainerConfig

from benchmarks.peer_clock import Clock
from benchmarks.peer_networks import SAMPLE, ConvDecoder, ConvEncoder
from benchmarks.worker import serve

LATENT = 16
LEARNING_RATE = 1e-4
HEADS = {"embedding": LATENT, "log_covariance": LATENT}


@functools.cache
def build(network):
    """Returns a VAE: pythae's default networks, aezoo's small ones, or pythae's convolutional."""
    config = VAEConfig(input_dim=SAMPLE, latent_dim=LATENT)
    if network == "mlp":
        return VAE(config)
    if network == "small conv":
        return VAE(config, encoder=ConvEncoder(HEADS), decoder=ConvDecoder(LATENT))
    encoder, decoder = Encoder_Conv_VAE_MNIST(config), Decoder_Conv_AE_MNIST(config)
    return VAE(config, encoder=encoder, decoder=decoder)


def images(n):
    """Returns float32 images `(n, 1, 28, 28)` in [0, 1]."""
    x = np.random.default_rng(0).integers(0, 256, (n, *SAMPLE), dtype=np.uint8)
    return x.astype("float32") / 255


def train(network, batch, n):
    """Trains for one epoch with pythae's own trainer; answers with the epoch's seconds alone."""
    data = BaseDataset(torch.from_numpy(images(n)), torch.zeros(n))
    directory = tempfile.TemporaryDirectory()
    config = BaseTrainerConfig(
        output_dir=directory.name,
        num_epochs=1,
        per_device_train_batch_size=batch,
        learning_rate=LEARNING_RATE,
        no_cuda=True,
    )

    def run():
        clock = Clock()
        model = build.__wrapped__(network)  # one that was trained on noise for long diverges
        BaseTrainer(model, data, training_config=config, callbacks=[clock]).train()
        (seconds,) = clock.laps.seconds
        return seconds

    run.directory = directory  # kept as long as the task
    return run


def encode(network, n, repeats):
    """Embeds `n` images, numpy in and numpy out, without gradients."""
    model, x = build(network).eval(), images(n)

    def run():
        with torch.no_grad():
            for _ in range(repeats):
                model.embed(torch.from_numpy(x)).numpy()

    return run


def generate(network, n, repeats):
    """Draws `n` images from the prior."""
    sampler = NormalSampler(build(network).eval())

    def run():
        for _ in range(repeats):
            sampler.sample(num_samples=n, batch_size=n).numpy()

    return run


def save(network, directory):
    """Saves a model."""
    return lambda: build(network).save(directory)


def threads():
    """Answers with the number of threads."""
    return torch.get_num_threads


if __name__ == "__main__":
    serve({f.__name__: f for f in (train, encode, generate, save, threads)})

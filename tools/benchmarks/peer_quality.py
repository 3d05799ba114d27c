"""Trains one of pythae's models and leaves what is scored; runs in the peer's environment.

python -m benchmarks.peer_quality '{"variant": "vae", ...}'
"""

import json
import math
import sys
import tempfile

import numpy as np
import torch
from pythae import models, samplers, trainers
from pythae.data.datasets import BaseDataset

from benchmarks import memory
from benchmarks.importance import gaussian_log_density, log_prob
from benchmarks.peer_clock import Clock
from benchmarks.peer_networks import SAMPLE, ConvDecoder, ConvEncoder, initialise

CLASSES = {
    "ae": (models.AE, models.AEConfig),
    "vae": (models.VAE, models.VAEConfig),
    "beta_vae": (models.BetaVAE, models.BetaVAEConfig),
    "aae": (models.Adversarial_AE, models.Adversarial_AE_Config),
    "beta_tc_vae": (models.BetaTCVAE, models.BetaTCVAEConfig),
    "iwae": (models.IWAE, models.IWAEConfig),
    "wae_mmd": (models.WAE_MMD, models.WAE_MMD_Config),
    "info_vae": (models.INFOVAE_MMD, models.INFOVAE_MMD_Config),
    "vamp_vae": (models.VAMP, models.VAMPConfig),
    "rae_l2": (models.RAE_L2, models.RAE_L2_Config),
    "sphere_vae": (models.SVAE, models.SVAEConfig),
    "vq_vae": (models.VQVAE, models.VQVAEConfig),
}
DETERMINISTIC = {"ae", "wae_mmd", "rae_l2", "vq_vae"}
NO_DENSITY = DETERMINISTIC | {"aae"}


def build(job):
    """Returns an untrained model with aezoo's initial weights."""
    name, latent = job["variant"], job["latent_dim"]
    cls, config_cls = CLASSES[name]
    config = config_cls(input_dim=SAMPLE, latent_dim=latent, **job["config"])
    networks = {}
    if job["network"] == "conv":
        heads, grid = {"embedding": latent}, name == "vq_vae"
        if name == "sphere_vae":
            heads["log_concentration"] = 1
        elif name not in DETERMINISTIC:
            heads["log_covariance"] = latent
        networks = {"encoder": ConvEncoder(heads, grid), "decoder": ConvDecoder(latent, grid)}
    model = cls(config, **networks)
    initialise(model)
    return model


def train(model, data, job):
    """Trains with pythae's trainer for the model and returns what each epoch took, in seconds."""
    adam = {"eps": job["epsilon"]}
    kind, parts, parameters = trainers.BaseTrainer, [""], {"": adam}
    if job["variant"] == "aae":
        kind, parts = trainers.AdversarialTrainer, ["autoencoder_", "discriminator_"]
        parameters = {parts[0]: adam, parts[1]: {**adam, "betas": job["critic_betas"]}}
    elif job["variant"] == "rae_l2":
        kind, parts = trainers.CoupledOptimizerTrainer, ["encoder_", "decoder_"]
        parameters = {parts[0]: adam, parts[1]: {**adam, "weight_decay": job["weight_decay"]}}
    config_cls = getattr(trainers, kind.__name__ + "Config")
    clock = Clock()
    with tempfile.TemporaryDirectory() as directory:
        config = config_cls(
            output_dir=directory,
            num_epochs=job["epochs"],
            per_device_train_batch_size=job["batch"],
            seed=job["seed"],
            no_cuda=True,
            **{f"{part}learning_rate": job["learning_rate"] for part in parts},
            **{f"{part}optimizer_params": parameters[part] for part in parts},
        )
        kind(model, data, training_config=config, callbacks=[clock]).train()
    return vars(clock.laps).copy()


def code(model, job, x):
    """Returns deterministic codes: the mean of the posterior, or what the decoder takes."""
    if job["variant"] == "vq_vae":
        return model(models.base.base_utils.ModelOutput(data=x)).z
    mean = model.encoder(x).embedding
    return mean / mean.norm(dim=-1, keepdim=True) if job["variant"] == "sphere_vae" else mean


def posterior(model, job, x):
    """Returns a function that draws from the posteriors, see `importance.log_prob`."""
    output = model.encoder(x)
    if job["variant"] == "sphere_vae":
        return lambda: sphere_draw(model, output)
    mean, log_variance = output.embedding.numpy(), output.log_covariance.numpy()
    rng = np.random.default_rng(job["seed"])

    def draw():
        z = (mean + np.exp(0.5 * log_variance) * rng.standard_normal(mean.shape)).astype("float32")
        if job["variant"] == "vamp_vae":
            constant = 0.5 * z.shape[1] * math.log(2 * math.pi)
            prior = model._log_p_z(torch.from_numpy(z)).numpy() - constant
        else:
            prior = gaussian_log_density(z, 0.0, np.zeros(1))
        return z, prior - gaussian_log_density(z, mean, log_variance)

    return draw


def sphere_draw(model, output):
    """Draws from von Mises-Fisher posteriors, against the uniform distribution on the sphere."""
    from scipy.special import gammaln, ive

    mean = output.embedding / output.embedding.norm(dim=-1, keepdim=True)
    kappa = torch.nn.functional.softplus(output.log_concentration) + 1
    z = model._sample_von_mises(mean, kappa)
    m, k = z.shape[1], kappa[:, 0].double().numpy()
    bessel = np.log(ive(m / 2 - 1, k)) + k
    log_q = k * (mean * z).sum(-1).numpy() - bessel
    log_q += (m / 2 - 1) * np.log(k) - m / 2 * math.log(2 * math.pi)
    log_p = gammaln(m / 2) - math.log(2) - m / 2 * math.log(math.pi)
    return z.numpy(), log_p - log_q


def generate(model, job, name, train_data):
    """Returns images of one of pythae's samplers."""
    if name == "prior":
        return vamp_prior(model, job["generated"])
    if name == "normal":
        special = {
            "vamp_vae": samplers.VAMPSampler,
            "sphere_vae": samplers.HypersphereUniformSampler,
        }
        sampler = special.get(job["variant"], samplers.NormalSampler)(model)
    else:
        config = samplers.GaussianMixtureSamplerConfig(n_components=job["components"])
        sampler = samplers.GaussianMixtureSampler(model, config)
        sampler.fit(train_data)
    return sampler.sample(num_samples=job["generated"], batch_size=500)


def vamp_prior(model, n):
    """Returns images of the mixture that the density of a VAMP is computed with.

    Its `VAMPSampler` puts the log variances through a hyperbolic tangent, which widens components.
    """
    with torch.no_grad():
        inputs = model.pseudo_inputs(model.idle_input).reshape(-1, *model.model_config.input_dim)
        output = model.encoder(inputs)
        rows = torch.randint(len(inputs), (n,))
        scale = torch.exp(0.5 * output.log_covariance[rows])
        z = output.embedding[rows] + scale * torch.randn_like(scale)
        return torch.cat([model.decoder(part).reconstruction for part in z.split(500)])


def to_images(x):
    """Returns images `(n, 28, 28, 1)`, as aezoo's metrics take them."""
    return np.moveaxis(x.detach().numpy(), 1, -1)


def main(job):
    """Trains, and writes `<out>.npz` with arrays and `<out>.json` with times and memory."""
    torch.manual_seed(job["seed"])
    np.random.seed(job["seed"])
    with np.load(job["data"]) as arrays:
        x, test = (
            torch.from_numpy(np.moveaxis(arrays[n].astype("float32") / 255, -1, 1).copy())
            for n in ("train", "test")
        )
    imports = memory.peak()
    model = build(job)
    cost = train(model, BaseDataset(x, torch.zeros(len(x))), job)
    peak = memory.peak()
    model.eval()
    results = {}
    with torch.no_grad():
        codes = torch.cat([code(model, job, part) for part in test.split(500)])
        parts = [model.decoder(part).reconstruction for part in codes.split(500)]
        results["reconstruction"] = to_images(torch.cat(parts))
        if job["variant"] != "vq_vae":
            results["codes"] = codes.numpy()
        if job["variant"] not in NO_DENSITY:
            part = test[: job["nll_images"]]
            results["log_prob"] = log_prob(
                part.numpy(),
                posterior(model, job, part),
                lambda z: model.decoder(torch.from_numpy(z)).reconstruction.numpy(),
                job["nll_draws"],
            )
    for name in job["samplers"]:
        results[f"generated/{name}"] = to_images(generate(model, job, name, x))
    np.savez(job["out"] + ".npz", **results)
    versions = {"torch": torch.__version__, "threads": torch.get_num_threads()}
    with open(job["out"] + ".json", "w") as file:
        cost |= {"megabytes": peak, "imports": imports}
        json.dump({**cost, "computed": versions}, file)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

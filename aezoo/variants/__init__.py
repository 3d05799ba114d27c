"""Autoencoders, one variant a file. Get one by its name: `aezoo.create("vae", sample_shape=...)`."""

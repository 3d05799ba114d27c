"""Autoencoders, one variant a file: `aezoo.create("vae", sample_shape=...)`."""

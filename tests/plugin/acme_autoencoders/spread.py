"""The spread of the codes."""


def spread(model: str, data: str):
    """Print the standard deviation of each latent unit over a dataset's test split."""
    import aezoo

    codes = aezoo.load(model).encode(aezoo.data.load(data, "test").x)
    print(*(f"{value:.3f}" for value in codes.std(axis=0)))

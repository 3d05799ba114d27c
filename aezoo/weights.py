"""Stable names of a model's weights, for files that outlive the process that wrote them."""

import keras


def named_weights(model):
    """Names every weight by the attribute that holds its network and its place in it.

    Keras' own paths count layers over the whole process (`dense_3/kernel`); these do not.

    Args:
        model: A `keras.Model` that keeps its layers as attributes, or in lists that are.

    Returns:
        Path such as `encoder/0.conv2d/kernel` to `keras.Variable`, in the order of creation.

    Raises:
        ValueError: A weight belongs to no layer of the model.
    """
    named, seen = {}, set()
    attributes = {**vars(model), **vars(model).get("_modules", {})}  # torch keeps modules apart
    for attribute, value in attributes.items():
        if not attribute.startswith("_"):  # Keras' own lists of what is here already
            for name, layer in _layers(attribute, value):
                named |= _layer_weights(name, layer, seen)
    missing = [weight.path for weight in model.weights if id(weight) not in seen]
    if missing:
        raise ValueError(
            f"{type(model).__name__} holds weights outside its layers: {missing[:3]}. Keep every "
            "layer as an attribute of the model or in a list that is one, and every weight in a "
            "layer."
        )
    return named


def _layers(name, value):
    """Yields the layers of an attribute, which may be a list of them, with their names."""
    if isinstance(value, keras.layers.Layer):
        yield name, value
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from _layers(f"{name}.{position}", item)


def _layer_weights(attribute, layer, seen):
    named, position, group = {}, -1, None
    for weight in layer.weights:
        if id(weight) in seen:
            continue
        seen.add(id(weight))
        *parents, _ = weight.path.split("/")
        owner = parents[-1] if parents else attribute
        if owner != group or f"{attribute}/{position}.{_kind(owner)}/{weight.name}" in named:
            position, group = position + 1, owner
        named[f"{attribute}/{position}.{_kind(owner)}/{weight.name}"] = weight
    return named


def _kind(layer_name):
    stem, _, number = layer_name.rpartition("_")
    return stem if stem and number.isdigit() else layer_name

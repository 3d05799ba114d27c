"""A rectified flow: noise that an ordinary differential equation carries to codes."""

import itertools
from typing import Annotated

import numpy as np

from aezoo.noise import generator
from aezoo.samplers import mlp
from aezoo.samplers.learned import Learned
from aezoo.schema import Interval

FREQUENCIES = np.array([1.0, 2.0, 4.0, 8.0], "float32")


class RectifiedFlow(Learned):
    """Velocity of the straight lines from noise to codes, which a differential equation follows.

    The line `(1 - t) noise + t code` is divided by `sqrt((1 - t)^2 + t^2)`, the standard deviation
    of its points, which makes it an arc: `cos(angle) noise + sin(angle) code`. The flow is the
    same, and its velocity is zero where codes are normal: the network learns what is not.

    Args:
        units: Units of each hidden layer.
        layers: Number of hidden layers.
        steps: Steps of Heun's method from noise to codes, two runs of the network each.
        iterations: Largest number of steps of Adam; they end once held-out codes no longer gain.
        learning_rate: Size of the steps at the start; it falls to zero.

    Example:
        ```python
        model = aezoo.create("ae", sample_shape=(8, 8, 1))
        model.fit_sampler("rectified_flow", aezoo.data.load("digits").x, iterations=100)
        images = model.generate(4, seed=0)
        ```

    Reference:
        [Liu et al., 2023](https://arxiv.org/abs/2209.03003);
        [Lipman et al., 2023](https://arxiv.org/abs/2210.02747)
    """

    name = "rectified_flow"

    def __init__(
        self,
        *,
        units: Annotated[int, Interval(1, 4096)] = 128,
        layers: Annotated[int, Interval(1, 32)] = 5,
        steps: Annotated[int, Interval(1, 1000)] = 20,
        iterations: Annotated[int, Interval(1, 10**6)] = 10_000,
        learning_rate: Annotated[float, Interval(1e-6, 1.0)] = 4e-3,
    ):
        self.units, self.layers, self.steps = units, layers, steps
        self.iterations, self.learning_rate = iterations, learning_rate

    def velocity(self, parameters, x, angle, ops):
        """Returns the velocity at points `(n, r)`.

        Args:
            parameters: Name to array.
            x: Points, shape `(n, r)`.
            angle: From 0, noise, to `pi / 2`, codes, shape `(n, 1)`.
            ops: numpy or `keras.ops`.

        Returns:
            Derivatives of the points by the angle, shape `(n, r)`.
        """
        waves = angle * FREQUENCIES
        inputs = ops.concatenate([x, ops.sin(waves), ops.cos(waves)], axis=1)
        return mlp.apply(parameters, inputs, ops, layers=self.layers + 1)

    def _sizes(self, r):
        return [r + 2 * len(FREQUENCIES), *[self.units] * self.layers, r]

    def _shapes(self, r):
        return mlp.shapes(self._sizes(r))

    def _learn(self, white, seed):
        from aezoo.samplers.fitting import minimise

        return minimise(
            self._loss,
            mlp.initialise(self._sizes(white.shape[1]), generator(seed)),
            white,
            draw=arcs,
            sampler=self.name,
            seed=seed,
            iterations=self.iterations,
            learning_rate=self.learning_rate,
        )

    def _loss(self, parameters, x, angle, direction, ops):
        """Returns the squared error of the velocity at points of arcs, `(n,)`."""
        error = self.velocity(parameters, x, angle, ops) - direction
        return ops.sum(ops.square(error), axis=1)

    def _map(self, noise):
        def velocity(x, angle):
            return self.velocity(self.parameters, x, np.full((len(x), 1), angle, x.dtype), np)

        return heun(velocity, noise, self.steps)


def arcs(codes, rng):
    """Returns a point of an arc from noise to each code.

    Args:
        codes: White codes, shape `(n, r)`, float32.
        rng: Source of the noise and of the angles, which are uniform.

    Returns:
        Points `(n, r)`, their angles `(n, 1)` from 0 to `pi / 2`, and the directions of the arcs
        there `(n, r)`, float32.
    """
    noise = rng.standard_normal(codes.shape).astype("float32")
    angle = (rng.random((len(codes), 1)) * (np.pi / 2)).astype("float32")
    cos, sin = np.cos(angle), np.sin(angle)
    return cos * noise + sin * codes, angle, cos * codes - sin * noise


def heun(velocity, x, steps):
    """Follows a velocity from angle 0 to `pi / 2` by Heun's method, of second order.

    Args:
        velocity: `velocity(x, angle)` gives the derivatives of points `(n, r)` by the angle.
        x: Points at angle 0, shape `(n, r)`.
        steps: Number of steps.

    Returns:
        The points at angle `pi / 2`.
    """
    angles = np.linspace(0.0, np.pi / 2, steps + 1).tolist()  # plain floats leave x in float32
    for start, end in itertools.pairwise(angles):
        first = velocity(x, start)
        second = velocity(x + (end - start) * first, end)
        x = x + 0.5 * (end - start) * (first + second)
    return x

"""The contract of variants, bodies and samplers, as checks that plugin authors run too.

The contract test of a plugin package is three lines:

```python
from aezoo.testing import parametrize_checks

@parametrize_checks("vendor/name")
def test_contract(check):
    check()
```

Every check is a function `check_x(name)` that returns nothing or raises; `check_variant`,
`check_body` and `check_sampler` run all of one kind and report every failure at once.
"""

from aezoo.testing._expect import ContractError
from aezoo.testing.bodies import (
    check_body_config,
    check_body_declaration,
    check_body_in_model,
    check_body_networks,
)
from aezoo.testing.contract import (
    CHECKS,
    NETWORK_CHECKS,
    check_body,
    check_sampler,
    check_variant,
    parametrize_checks,
)
from aezoo.testing.declaration import (
    check_arguments,
    check_config,
    check_documentation,
    check_example,
    check_hooks,
    check_hostile_config,
    check_initialisation,
    check_name,
)
from aezoo.testing.inference import (
    check_compiled_once,
    check_condition,
    check_determinism,
    check_encode_skips_decoder,
    check_networks,
    check_preprocessing,
    check_range,
    check_seed,
    check_shapes,
)
from aezoo.testing.learning import (
    check_compile,
    check_gradients,
    check_learning,
    check_loss,
    check_sample_weights,
    check_targets,
)
from aezoo.testing.samplers import (
    check_sampler_config,
    check_sampler_declaration,
    check_sampler_distribution,
    check_sampler_light_load,
    check_sampler_round_trip,
)
from aezoo.testing.storage import check_hostile_store, check_storage

__all__ = [
    "CHECKS",
    "NETWORK_CHECKS",
    "ContractError",
    "check_arguments",
    "check_body",
    "check_body_config",
    "check_body_declaration",
    "check_body_in_model",
    "check_body_networks",
    "check_compile",
    "check_compiled_once",
    "check_condition",
    "check_config",
    "check_determinism",
    "check_documentation",
    "check_encode_skips_decoder",
    "check_example",
    "check_gradients",
    "check_hooks",
    "check_hostile_config",
    "check_hostile_store",
    "check_initialisation",
    "check_learning",
    "check_loss",
    "check_name",
    "check_networks",
    "check_preprocessing",
    "check_range",
    "check_sample_weights",
    "check_sampler",
    "check_sampler_config",
    "check_sampler_declaration",
    "check_sampler_distribution",
    "check_sampler_light_load",
    "check_sampler_round_trip",
    "check_seed",
    "check_shapes",
    "check_storage",
    "check_targets",
    "check_variant",
    "parametrize_checks",
]

from aezoo.testing import parametrize_checks


@parametrize_checks("acme/rae")
def test_variant(check):
    check()


@parametrize_checks("acme/rae", body="acme/conv1d")
def test_variant_with_body(check):
    check()


@parametrize_checks("acme/conv1d", kind="bodies")
def test_body(check):
    check()


@parametrize_checks("acme/kde", kind="samplers")
def test_sampler(check):
    check()

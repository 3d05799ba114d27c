"""Colours of style transfer: moments, brightness, the gamut."""

from __future__ import annotations

import numpy as np
import pytest

from aezoo import photos
from aezoo.tasks import style_colours
from aezoo.tasks.style_score import content_distance
from aezoo.transport import moments

rng = np.random.default_rng(0)


def covariance(image):
    return moments(photos.to_ycbcr(image).reshape(-1, 3))[1]


@pytest.fixture
def style(photo):
    """The photo in other colours, brighter where it was darker in part."""
    return np.clip(photos.check(photo) @ rng.random((3, 3)) * 0.5, 0, 1)[::-1]


def test_colours_have_the_moments_of_the_style_and_brightness_its_order(photo, style):
    x = photos.check(photo)
    moved = style_colours.mapping(x, style)(x)
    np.testing.assert_allclose(moved.mean(axis=(0, 1)), style.mean(axis=(0, 1)), atol=1e-3)
    np.testing.assert_allclose(covariance(moved), covariance(style), atol=1e-4)
    assert content_distance(moved, x) < 0.1  # as luma is scaled and shifted alone


def test_details_change_chroma_alone(photo, style):
    x = photos.check(photo)
    change = style_colours.details(x, style)
    assert np.abs(change).max() > 0.01
    assert np.abs(photos.luma(x + change) - photos.luma(x)).max() < 1e-5
    own, other = (style_colours._bands(each)[0] for each in (x + change, style))
    np.testing.assert_allclose(covariance(own)[1:, 1:], covariance(other)[1:, 1:], rtol=0.2)


@pytest.mark.parametrize("shape", [(40, 50, 3), (17, 200, 3), (9, 9, 3)])
def test_grey_stays_grey_and_tiny_images_have_no_details(shape):
    grey = np.repeat(rng.random((*shape[:2], 1)), 3, axis=-1)
    assert np.abs(style_colours.details(grey, grey[::-1])).max() < 1e-5
    small = rng.random((9, 9, 3))
    assert not style_colours.details(small, rng.random(shape)).any()


def test_what_leaves_the_gamut_gets_paler_and_keeps_its_luma():
    wide = rng.normal(0.5, 0.5, (500, 3))
    found = style_colours.in_gamut(wide)
    assert found.min() >= 0
    assert found.max() <= 1
    grey = photos.grey(wide)
    inside = ((grey >= 0) & (grey <= 1))[:, 0]
    np.testing.assert_allclose(photos.grey(found)[inside], grey[inside], atol=1e-5)
    fits = ((wide >= 0) & (wide <= 1)).all(axis=1)
    np.testing.assert_allclose(found[fits], wide[fits], atol=1e-6)
    np.testing.assert_allclose(found[~inside], np.clip(grey, 0, 1)[~inside] * np.ones(3), atol=1e-6)

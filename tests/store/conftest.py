"""A stored model for every test of the store."""

from __future__ import annotations

import os

import pytest
from small_model import ARRAYS, CONFIG

from aezoo import store


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """No test here cuts the power: test_atomic.py checks what is synced, and when."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def model(tmp_path):
    return store.write(tmp_path / "model", CONFIG, ARRAYS)

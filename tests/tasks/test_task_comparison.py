from __future__ import annotations

from aezoo.tasks.comparison import compare


def test_means_are_of_the_images_and_facts_are_kept():
    rows = {"a": [{"model": 1.0, "old": 3.0}, {"model": 3.0, "old": 4.0}]}
    found = compare(rows, task="try", seed=3)
    assert found["scores"] == {"a": {"model": 2.0, "old": 3.5}}
    assert (found["n"], found["task"], found["seed"], found["unit"]) == (2, "try", 3, "dB")
    assert found["images"] == rows


def test_a_loss_is_said_as_plainly_as_a_win():
    rows = {
        "a": [{"model": 2.0, "x": 1.0, "y": 1.5}],
        "b": [{"model": 2.0, "x": 2.25, "y": 1.5}],
        "c": [{"model": 2.0, "x": 2.0}],
    }
    assert compare(rows)["verdict"] == [
        "a: the model is 0.50 dB above y, the best baseline.",
        "b: the model LOSES to x by 0.25 dB.",
        "c: the model LOSES to x by 0.00 dB.",
    ]
    assert compare({"b (%)": rows["b"]}, unit="")["verdict"] == [
        "b (%): the model LOSES to x by 0.25."
    ]

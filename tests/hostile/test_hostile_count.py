"""How many hostile directories there are."""

from __future__ import annotations

import test_hostile_configs as configs
import test_hostile_files as files
import test_hostile_graphs as graphs
import test_hostile_weights as weights


def test_there_are_at_least_100_hostile_directories():
    positions = len(configs.POSITIONS)
    counts = {
        "strings of a config": positions * (len(configs.STRINGS) + len(configs.OBJECTS)),
        "sizes": len(configs.SIZES),
        "forms of a config": len(configs.FORMS),
        "files that are not listed": len(files.UNLISTED),
        "files that are no files": len(files.INSTEAD) * len(files.FILES),
        "manifests": len(files.LISTS) + 2 * len(files.ENTRIES) + len(files.FORMS),
        "weights": len(weights.FILES) + len(weights.ARRAYS),
        "graphs": len(weights.FILES) + len(graphs.BYTES) + len(graphs.CHANGES),
        "samplers": len(weights.SAMPLERS),
    }
    print(f"{sum(counts.values())} hostile directories: {counts}")
    assert min(counts.values()) >= 15
    assert sum(counts.values()) >= 600

"""Applications that stand on the models, one a file; plugins add theirs under `aezoo.tasks`."""

"""What README.md, docs/ and model_cards/ show of the embedded presets; see tools/cards.py."""

"""How arrays meet a graph. One engine a file."""

"""Random networks for random_networks.py: what one is (spec), how it is drawn (classic, graphs, draw), run (verify) and shrunk (reduce)."""

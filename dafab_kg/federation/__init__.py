"""Other catalogues and services: what is taken from them over the network."""

"""Other SPARQL endpoints: what SERVICE asks of them, by bound joins."""

"""Publishing to Rucio."""

"""One search for all faces: a small tree, the languages that are read into it, its answer."""

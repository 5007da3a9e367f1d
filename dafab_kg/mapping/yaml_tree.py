"""YAML as a plain tree of dicts, lists and text; anything dangerous is refused.

Every scalar stays the text that stands in the file, so ``no`` is not False and
``05.09`` is not a number.  Duplicate keys, anchors, aliases and tags are
refused, and size and depth are bounded: a mapping file needs none of them.
"""

from __future__ import annotations

from typing import Any

import yaml

from dafab_kg.model.errors import MappingNotValid

# libyaml reads several times as fast; the wheels of PyYAML hold it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Tree = str | list["Tree"] | dict[str, "Tree"]

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 16


def read_tree(text: str, file: str) -> Tree:
    """Read one YAML document; ``file`` is its name for messages.

    Raises:
        MappingNotValid: it is not YAML, or uses what is refused here.
    """
    if len(text) > MAX_CHARACTERS:
        raise MappingNotValid(
            f"{file}: {len(text)} characters are more than the {MAX_CHARACTERS} of the largest "
            "mapping file that is read; split it"
        )
    try:
        _refuse_dangers(text, file)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise MappingNotValid(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    if node is None:
        raise MappingNotValid(f"{file}: the file is empty")
    return _tree(node, file)


def _refuse_dangers(text: str, file: str) -> None:
    """Walk the events, which need no recursion, before anything is built of them."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise MappingNotValid(
                f"{file}, line {line}: anchors and aliases are not supported; write it out"
            )
        if tag := getattr(event, "tag", None):
            raise MappingNotValid(f"{file}, line {line}: the tag {tag} is not supported")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise MappingNotValid(f"{file}, line {line}: nested deeper than {MAX_DEPTH} levels")


def _tree(node: yaml.Node, file: str) -> Tree:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_tree(child, file) for child in node.value]
    tree: dict[str, Tree] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = _tree(key_node, file)
        if not isinstance(key, str):
            raise MappingNotValid(f"{file}, line {line}: a key must be text")
        if key in tree:
            raise MappingNotValid(f"{file}, line {line}: the key {key!r} stands there twice")
        tree[key] = _tree(value_node, file)
    return tree

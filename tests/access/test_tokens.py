"""Tokens: only hashes are kept, files are the owner's alone, scopes mean what they say."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest

from dafab_kg.access.tokens import SCOPES, Tokens, read_environment
from dafab_kg.model.errors import FileNotUsable, NameNotValid, ThingNotFound


def test_only_the_hash_is_kept_and_nobody_else_may_read_it(tmp_path):
    kept, token = Tokens(tmp_path, "").create("ann", ["write"])
    file = tmp_path / "tokens.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert token not in file.read_text()
    assert json.loads(file.read_text())[0]["digest"] == hashlib.sha256(token.encode()).hexdigest()
    assert Tokens(tmp_path, "").find(token) == kept


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("read", {"read"}),
        ("write", {"read", "write"}),
        ("private", {"read", "private"}),
        ("admin", set(SCOPES)),
    ],
)
def test_what_scopes_allow(tmp_path, scope, allowed):
    assert Tokens(tmp_path, "").create("x", [scope])[0].allowed == allowed


def test_nothing_else_is_a_token(tmp_path):
    tokens = Tokens(tmp_path, "")
    kept, token = tokens.create("ann", ["write"])
    for other in ("", token[:-1], token + "x", token.upper(), kept.digest, kept.token_id, "\udcff"):
        assert tokens.find(other) is None


def test_a_revoked_token_is_none_at_once(tmp_path):
    served, command = Tokens(tmp_path, ""), Tokens(tmp_path, "")
    _, token = command.create("ann", ["write"])
    assert served.find(token)
    command.revoke("ann")
    assert served.find(token) is None
    with pytest.raises(ThingNotFound):
        command.revoke("ann")


def test_an_expired_token_is_none(tmp_path):
    tokens = Tokens(tmp_path, "")
    assert tokens.find(tokens.create("a", ["read"], "2020-01-01T00:00:00Z")[1]) is None
    assert tokens.find(tokens.create("b", ["read"], "9999-01-01T00:00:00Z")[1])


def test_a_file_that_others_may_read_is_refused(tmp_path):
    tokens = Tokens(tmp_path, "")
    _, token = tokens.create("ann", ["write"])
    (tmp_path / "tokens.json").chmod(0o644)
    with pytest.raises(FileNotUsable):
        tokens.find(token)


def test_a_damaged_file_is_told(tmp_path):
    tokens = Tokens(tmp_path, "")
    tokens.create("ann", ["write"])
    (tmp_path / "tokens.json").write_text("{")
    with pytest.raises(FileNotUsable):
        tokens.all()


@pytest.mark.parametrize(("name", "scopes"), [("", ["read"]), ("a", []), ("a", ["root"])])
def test_wrong_names_and_scopes(tmp_path, name, scopes):
    with pytest.raises(NameNotValid):
        Tokens(tmp_path, "").create(name, scopes)


def test_a_name_is_one_tokens(tmp_path):
    tokens = Tokens(tmp_path, f"ci:read:{'0' * 64}")
    kept, token = tokens.create("ann", ["read"])
    for taken in ("ann", kept.token_id, "ci"):
        with pytest.raises(NameNotValid, match="already"):
            tokens.create(taken, ["write"])
    tokens.revoke("ann")
    assert tokens.create("ann", ["write"])[0].scopes == ("write",)
    assert tokens.find(token) is None


def test_tokens_from_the_environment(tmp_path):
    digest = hashlib.sha256(b"secret").hexdigest()
    tokens = Tokens(tmp_path, f"ci:read+write:{digest}")
    found = tokens.find("secret")
    assert found is not None and found.name == "ci" and found.scopes == ("read", "write")
    for wrong in ("ci", "ci:read", "ci:read:abc", f"ci:root:{digest}"):
        with pytest.raises(NameNotValid):
            list(read_environment(wrong))


def test_many_make_tokens_at_once(tmp_path):
    def make(number: int) -> None:
        Tokens(tmp_path, "").create(f"n{number}", ["read"])

    threads = [threading.Thread(target=make, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {t.name for t in Tokens(tmp_path, "").all()} == {f"n{n}" for n in range(12)}
    assert not list(tmp_path.glob("*.part"))

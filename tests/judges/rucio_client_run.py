"""Runs in an environment of its own: Rucio's own client, stock, as its users call it.

Facts: ``steps`` says which of the parts below are run; the configuration is in RUCIO_CONFIG.
"""

from __future__ import annotations

from typing import Any

from client_telling import FACTS, stay_inside, tell
from rucio.client import Client

stay_inside()
FILES, SETS = FACTS["files"], FACTS["sets"]
client: Any = None


def listed(call: Any) -> Any:
    found = call()
    return list(found) if hasattr(found, "__next__") else found


def do(name: str, *arguments: Any, how: str = "", **more: Any) -> Any:
    return tell(name, lambda: listed(lambda: getattr(client, name)(*arguments, **more)), how=how)


def protocol(port: int) -> dict[str, Any]:
    domains = {"read": 1, "write": 1, "delete": 1}
    wide = {**domains, "third_party_copy_read": 1, "third_party_copy_write": 1}
    return {
        "scheme": "https",
        "hostname": "127.0.0.1",
        "port": port,
        "prefix": "/bucket/",
        "impl": "rucio.rse.protocols.gfal.Default",
        "domains": {"lan": domains, "wan": wide},
    }


def sign() -> None:
    """Make a storage element of which addresses are signed."""
    do("add_rse", FACTS["signing"])
    do("add_protocol", FACTS["signing"], protocol(FACTS["port"]))
    do("add_rse_attribute", FACTS["signing"], "sign_url", "s3")
    do("get_rse", FACTS["signing"])


def write() -> None:
    """Make a scope, a storage element, files with replicas, a data set and a rule."""
    do("add_scope", "root", "extra")
    do("add_scope", "root", "extra", how="again")
    do("add_scope", "root", "dafab", how="one that the graph has, too")
    do("add_account", "reader", "USER", "reader@localhost.invalid")
    do("add_rse", FACTS["storage"])
    do("add_protocol", FACTS["storage"], protocol(9000))
    do("set_local_account_limit", "root", FACTS["storage"], 1_000_000_000)
    do("add_replicas", FACTS["storage"], FILES)
    do("add_dataset", "extra", "set/one")
    do("attach_dids", "extra", "set/one", [{"scope": f["scope"], "name": f["name"]} for f in FILES])
    do("set_metadata", "extra", "set/one", "lifetime", 86_400)
    do("add_replication_rule", SETS, 1, FACTS["storage"])


def read() -> None:
    """Read what is Rucio's own."""
    do("whoami")
    do("list_accounts")
    do("list_account_attributes", "root")
    do("list_scopes_for_account", "root")
    do("list_rses")
    do("get_rse", FACTS["storage"])
    do("get_rse", "NOWHERE", how="not there")
    do("list_dids", "extra", [{}], did_type="all")
    do("list_dids", "extra", [{"name": "set*"}], did_type="dataset", long=True, how="long")
    do("get_did", "extra", "set/one")
    do("get_did", "extra", "nothing", how="not there")
    do("list_content", "extra", "set/one")
    do("list_files", "extra", "set/one")
    do("list_parent_dids", FILES[0]["scope"], FILES[0]["name"])
    do("list_did_rules", "extra", "set/one")
    do("list_replicas", SETS)
    do("list_replicas", SETS, metalink=True, how="metalink")
    do("lfns2pfns", FACTS["storage"], [f"{f['scope']}:{f['name']}" for f in FILES])
    do("get_metadata", "extra", "set/one")


def ours() -> None:
    """Read what the graph has, alone or besides."""
    do("ping")
    do("list_scopes")
    item = FACTS["item"]
    for name in (item, f"{item}_assets", FACTS["file"]):
        how = "item" if name == item else "assets" if name.endswith("_assets") else "file"
        do("get_did", "dafab", name, how=how)
        do("list_parent_dids", "dafab", name, how=how)
        if how != "file":
            do("list_content", "dafab", name, how=how)
        do("list_replicas", [{"scope": "dafab", "name": name}], how=how)
    # a file that Rucio alone knows, in the data set of an item that the graph knows
    own = {"scope": "dafab", "name": f"{item}_by_rucio.tif", "bytes": 7, "adler32": "0cc737ec"}
    do("add_replicas", FACTS["storage"], [own], how="own")
    do("attach_dids", "dafab", f"{item}_assets", [own], how="own")
    do("list_content", "dafab", f"{item}_assets", how="with its own")
    do("list_files", "dafab", f"{item}_assets", how="with its own")
    do("list_replicas", [{"scope": "dafab", "name": f"{item}_assets"}], how="with its own")
    do("detach_dids", "dafab", f"{item}_assets", [own], how="own")
    do("list_content", "dafab", f"{item}_assets", how="without")
    do("list_dids", "dafab", [{}], did_type="all", how="ours")
    do("list_dids", "dafab", [{"name": f"{item}*"}], did_type="file", long=True, how="ours, long")
    do("get_did", "dafab", "nothing", how="ours, not there")
    do("add_container", "dafab", "by_stock_client")
    do("list_content", "dafab", "by_stock_client", how="made")


tell("log in", lambda: globals().update(client=Client()))
if client is not None:
    for step in FACTS["steps"]:
        {"write": write, "read": read, "ours": ours, "sign": sign}[step]()

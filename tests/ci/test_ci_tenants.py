"""The simulated tenant that settings are previewed in."""

import json
from pathlib import Path

from cli import ci_tenants
from cli.ci_tenants import Wanted

SEED = Path(__file__).parents[2] / "sandbox" / "tenants" / "contoso.json"
FEDERATED = "plant.contoso.com"


def test_a_domain_that_settings_name_is_verified_and_not_federated_in_their_tenant() -> None:
    seed = json.loads(SEED.read_text(encoding="utf-8"))
    was = {one["id"]: one for one in seed["domains"]}
    assert was[FEDERATED]["authenticationType"] == "Federated"
    settings = {"accounts": {"domain": "North.example", "named": {"a": {"domain": FEDERATED}}}}
    config = {f"break-glass:{key}": value for key, value in settings.items()}
    wanted = Wanted("north", "north", {"config": {}}, {"config": config})

    document = ci_tenants._tenant_of(seed, wanted)  # pyright: ignore[reportPrivateUsage]

    found = {one["id"]: one for one in document["domains"]}
    assert len(found) == len(document["domains"]) == len(was) + 1
    for name in ("north.example", FEDERATED):
        assert (found[name]["isVerified"], found[name]["authenticationType"]) == (True, "Managed")
    initial = "contoso.onmicrosoft.com"
    assert found[initial] == was[initial]

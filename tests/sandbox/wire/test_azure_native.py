"""The azure-native provider's resources, each through its whole life as the provider asks."""

import pytest

from tests.sandbox.wire.azure_native import (
    ACTION_GROUP,
    DIAGNOSTIC_SETTING,
    RESOURCE_GROUP,
    ROWS,
    WORKSPACE,
    Provider,
    Row,
)
from tests.sandbox.wire.wire import Wire


@pytest.fixture
def provider(azure_native: Wire) -> Provider:
    return Provider(azure_native)


@pytest.mark.parametrize("row", ROWS, ids=[row.token for row in ROWS])
def test_a_resource_lives_through_the_calls_of_the_provider(provider: Provider, row: Row) -> None:
    for needed in ROWS[: ROWS.index(row)]:
        provider.create(needed)
    made = provider.create(row)
    assert made["name"] == row.path.rpartition("/")[2]
    changed = provider.update(row)
    assert changed["id"] == made["id"]
    assert (changed.get("properties"), changed.get("tags")) != (
        made.get("properties"),
        made.get("tags"),
    )
    assert provider.delete(row) == 404


def test_deleting_what_is_gone_is_a_success(provider: Provider) -> None:
    for row in ROWS[:4]:
        provider.create(row)
    for row in reversed(ROWS[:4]):
        assert provider.delete(row) == 404
        assert provider.delete(row) == 404


def test_a_resource_provider_is_registered_on_the_way(provider: Provider) -> None:
    provider.create(RESOURCE_GROUP)
    provider.create(WORKSPACE)
    log = " ".join(provider.wire.log)
    assert "/providers/Microsoft.OperationalInsights/register?api-version=2019-05-01" in log
    assert log.count("409 PUT") == 1


def test_a_location_left_out_is_that_of_the_resource_group(provider: Provider) -> None:
    provider.create(RESOURCE_GROUP)
    assert provider.location_of_group("rg-break-glass") == "westeurope"


def test_the_path_of_a_resource_may_be_spelt_in_any_case(provider: Provider) -> None:
    for row in (RESOURCE_GROUP, WORKSPACE, DIAGNOSTIC_SETTING, ACTION_GROUP):
        made = provider.create(row)
        provider.wire.sleep(10)
        url = f"{made['id'].upper()}?api-version={row.version}"
        answer = provider.wire.send("GET", url)
        assert answer.json()["id"] == made["id"]

"""A guard out of a stack's state file goes on, and holds nothing secret."""

import json

from tests.provider.group_setting import ADA, BO, GROUP, group_setting, inputs

STORED = "gASVNAAAAAAAAACMFmNvbXBvbmVudHMuZ3JvdXBfZ3VhcmSUjBJHcm91cEd1YXJkUHJvdmlkZXKUk5QpgZQu"
"""The provider as it is in the state files of stacks that exist: it must never need to change."""
OUTPUTS = {"groupId": GROUP, "members": [ADA], "owners": [], "pending": [], "refused": []}


def test_a_stored_guard_is_refreshed_compared_updated_and_deleted() -> None:
    stranger = f"remove member bo@contoso.com ({BO})"
    with group_setting() as setting:
        setting.provider.pickled = STORED
        setting.put(members=[ADA, BO])

        seen = setting.provider.read("guard", OUTPUTS)
        assert (seen.id, seen.outputs) == ("guard", OUTPUTS)
        assert setting.provider.diff("guard", OUTPUTS, inputs()) == (False, [])
        after = setting.provider.update("guard", OUTPUTS, inputs(stranger))
        assert setting.people()[0] == {ADA}
        assert after == OUTPUTS
        setting.provider.delete("guard", after)
        assert setting.people()[0] == {ADA}


def test_the_names_that_stand_in_state_are_these() -> None:
    with group_setting() as setting:
        assert setting.provider.pickled == STORED


def test_no_secret_is_in_the_provider_or_its_answers() -> None:
    with group_setting() as setting:
        setting.put(members=[ADA, BO])
        _, outputs = setting.provider.create(inputs(f"remove member bo@contoso.com ({BO})"))
        told = json.dumps(outputs) + setting.provider.pickled
        assert setting.environment["ARM_CLIENT_SECRET"] not in told
        assert len(setting.provider.pickled) < 200

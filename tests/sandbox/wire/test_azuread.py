"""The azuread provider's resources, each through its whole life as the provider asks for it."""

from tests.sandbox.wire import azuread as calls
from tests.sandbox.wire import azuread_access as access
from tests.sandbox.wire.wire import Wire


def test_a_user_lives_through_the_calls_of_the_provider(azuread: Wire) -> None:
    azuread.play(calls.USER_CREATE, calls.USER_UPDATE, calls.USER_DELETE)


def test_a_role_assignable_group_lives_through_the_calls_of_the_provider(azuread: Wire) -> None:
    azuread.play(calls.GROUP_CREATE, calls.GROUP_READ, calls.GROUP_DELETE)


def test_a_membership_lives_through_the_calls_of_the_provider(azuread: Wire) -> None:
    azuread.play(calls.USER_CREATE, calls.GROUP_CREATE)
    azuread.play(calls.MEMBER_CREATE, calls.MEMBER_READ, calls.MEMBER_DELETE)


def test_a_role_assignment_lives_through_the_calls_of_the_provider(azuread: Wire) -> None:
    azuread.play(calls.USER_CREATE)
    azuread.play(calls.ROLE_CREATE, calls.ROLE_READ, calls.ROLE_DELETE)


def test_an_administrative_unit_lives_through_the_calls_of_the_provider(azuread: Wire) -> None:
    azuread.play(calls.USER_CREATE, calls.UNIT_CREATE)
    # The provider reads units and their roles right after it made them, without a wait. Where a
    # replica lags it fails or keeps the temporary name; what it does next is replayed, so wait.
    azuread.sleep(20)
    azuread.play(calls.UNIT_READ, calls.UNIT_MEMBER_CREATE, calls.UNIT_ROLE_CREATE)
    azuread.sleep(20)
    azuread.play(calls.UNIT_ROLE_READ)
    azuread.play(calls.UNIT_ROLE_DELETE, calls.UNIT_MEMBER_DELETE, calls.UNIT_DELETE)


def test_an_authentication_strength_lives_through_the_calls_of_the_provider(azuread: Wire) -> None:
    azuread.play(access.STRENGTH_CREATE, access.STRENGTH_UPDATE, access.STRENGTH_DELETE)


def test_a_conditional_access_policy_lives_through_the_calls_of_the_provider(
    azuread: Wire,
) -> None:
    azuread.play(calls.USER_CREATE, calls.GROUP_CREATE, access.STRENGTH_CREATE)
    azuread.play(
        access.POLICY_CREATE, access.POLICY_UPDATE, access.POLICY_READ, access.POLICY_DELETE
    )


def test_the_domains_are_listed_as_the_data_source_reads_them(azuread: Wire) -> None:
    body = azuread.play(calls.DOMAINS)
    assert all(isinstance(domain["supportedServices"], list) for domain in body["value"])

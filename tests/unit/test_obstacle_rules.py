from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from entra.authentication import ACCESS_PASS, PASSKEY, PASSWORD, Method
from entra.built_in_roles import GLOBAL_ADMINISTRATOR
from entra.obstacle_facts import AccountFacts, Obstacle
from entra.obstacle_rules import obstacles_of
from tests.unit.obstacle_scene import (
    ACCOUNT,
    FREE,
    GROUP_ID,
    KEY,
    KEYED,
    NAME,
    WRITTEN,
    configuration,
    policy,
    user,
)

PASSWORD_ALONE = (Method(PASSWORD, "p"),)
CERTIFICATE = ("X509:<PN>kx7q@contoso.onmicrosoft.com",)
STRONG = {"x509CertificateAuthenticationDefaultMode": "x509CertificateMultiFactor"}
WEAK = {"x509CertificateAuthenticationDefaultMode": "x509CertificateSingleFactor"}


def told(**changes: Any) -> list[str]:
    """What is told of the free account with something changed."""
    return [str(obstacle) for obstacle in obstacles_of(replace(FREE, **changes))]


def only(**changes: Any) -> str:
    """The one obstacle there is."""
    (line,) = told(**changes)
    return line


def certificates(mode: dict[str, Any], **properties: Any) -> Any:
    return policy(
        configuration("X509Certificate", authenticationModeConfiguration=mode, **properties)
    )


def test_an_account_with_a_passkey_has_no_obstacle() -> None:
    assert told() == []


def test_what_cannot_be_told_is_no_obstacle() -> None:
    assert told(methods=None, per_user_mfa=None, certificate_ids=None, policy=None) == []


def everything_wrong() -> AccountFacts:
    """One account with most of what there is."""
    return replace(
        FREE,
        user=user(
            enabled=False, synced=True, licensed=True, password_changed=WRITTEN + timedelta(days=1)
        ),
        methods=(*PASSWORD_ALONE, Method("phone", "f"), Method(ACCESS_PASS, "t", usable=False)),
        per_user_mfa="enforced",
        role_ends={GLOBAL_ADMINISTRATOR: WRITTEN},
        policy=policy(configuration("Fido2", state="disabled")),
    )


def test_every_obstacle_is_one_line_with_the_account_and_what_to_do() -> None:
    found = list(obstacles_of(everything_wrong()))
    assert len(found) == 10
    for obstacle in found:
        assert obstacle.account == "account-1"
        assert obstacle.problem.startswith(f"{NAME} ")
        assert len(obstacle.remedy) > 40
        assert "\n" not in str(obstacle)
        assert "  " not in str(obstacle)
        assert not str(obstacle).endswith(".")


def test_a_disabled_account_is_enabled_by_the_next_run() -> None:
    line = only(user=user(enabled=False))
    assert "is disabled" in line
    assert "pulumi up" in line
    assert "Privileged Authentication Administrator" in line


def test_an_adopted_account_is_enabled_by_hand() -> None:
    line = only(user=user(enabled=False), account=replace(ACCOUNT, made=False))
    assert "pulumi up" not in line
    assert "Account enabled" in line


def test_a_synced_account_is_enabled_on_premises() -> None:
    allowed = replace(ACCOUNT, made=False, synced_allowed=True)
    line = only(user=user(enabled=False, synced=True), account=allowed)
    assert "Active Directory Users and Computers" in line
    assert "Start-ADSyncSyncCycle" in line


def test_an_account_that_became_synced_is_told_and_how_to_get_it_back() -> None:
    line = only(user=user(synced=True))
    assert "synchronised from an on-premises directory" in line
    assert f"breakglass account restore {FREE.user.id} " in line
    assert told(user=user(synced=True), account=replace(ACCOUNT, synced_allowed=True)) == []


def test_a_role_with_an_end_is_told_by_name_and_moment() -> None:
    line = only(role_ends={GLOBAL_ADMINISTRATOR: datetime(2026, 5, 1, 8, 30, tzinfo=UTC)})
    assert "loses the role Global Administrator on 2026-05-01 08:30 UTC" in line
    assert "Permanently assigned" in line


def test_a_password_changed_by_somebody_else_is_told() -> None:
    line = only(user=user(password_changed=WRITTEN + timedelta(minutes=2)))
    assert "another password on 2026-03-01 12:02 UTC" in line
    assert "break-glass:accounts.passwordRotation" in line


@pytest.mark.parametrize(
    "now",
    [None, WRITTEN, WRITTEN + timedelta(minutes=1), WRITTEN - timedelta(days=1)],
    ids=["unknown", "ours", "the service's clock", "an older replica"],
)
def test_our_own_password_is_no_obstacle(now: datetime | None) -> None:
    assert told(user=user(password_changed=now)) == []


def test_nothing_is_said_of_a_password_that_is_not_ours() -> None:
    adopted = replace(ACCOUNT, made=False, password_recorded=None)
    assert told(user=user(password_changed=WRITTEN), account=adopted) == []


def test_without_a_passkey_the_way_to_one_is_told_step_by_step() -> None:
    line = only(methods=PASSWORD_ALONE)
    assert "no passkey or certificate registered" in line
    assert "MFA that Microsoft enforces itself" in line
    assert "1. Entra admin centre → Users" in line
    assert "Temporary Access Pass → Add" in line
    assert "2. in a private browser window open My Sign-Ins → Security info" in line
    assert "4. delete the pass" in line
    assert "5." not in line
    path = f"/v1.0/users/{FREE.user.id}/authentication/fido2Methods"
    assert f"GET {path}/creationOptions, then POST {path} (" in line


@pytest.mark.parametrize(
    ("method", "properties", "step"),
    [
        ("Fido2", {"isSelfServiceRegistrationAllowed": False}, "Passkey (FIDO2) → Configure"),
        (
            "TemporaryAccessPass",
            {"state": "disabled"},
            "Temporary Access Pass → Enable and target → Enable → Include → add the group",
        ),
    ],
)
def test_what_the_policy_lacks_comes_first_among_the_steps(
    method: str, properties: dict[str, Any], step: str
) -> None:
    line = only(methods=PASSWORD_ALONE, policy=policy(configuration(method, **properties)))
    assert f"1. Entra admin centre → Authentication methods → Policies → {step}" in line
    assert "5. delete the pass" in line


def test_a_certificate_that_counts_as_mfa_is_as_good_as_a_passkey() -> None:
    assert (
        told(methods=PASSWORD_ALONE, certificate_ids=CERTIFICATE, policy=certificates(STRONG)) == []
    )


def test_a_certificate_by_a_rule_can_count_as_mfa() -> None:
    rule = {"x509CertificateAuthenticationMode": "x509CertificateMultiFactor"}
    by_rule = certificates({**WEAK, "rules": [rule]})
    assert told(methods=PASSWORD_ALONE, certificate_ids=CERTIFICATE, policy=by_rule) == []


def test_a_certificate_that_is_one_factor_is_not_enough() -> None:
    line = only(methods=PASSWORD_ALONE, certificate_ids=CERTIFICATE, policy=certificates(WEAK))
    assert "only a certificate that counts as one factor" in line
    assert "Certificate-based authentication" in line


@pytest.mark.parametrize(
    "changes",
    [
        {"certificate_ids": CERTIFICATE, "policy": policy()},
        {"certificate_ids": (), "policy": certificates(STRONG)},
        {
            "certificate_ids": CERTIFICATE,
            "policy": certificates(STRONG, excludeTargets=[{"id": GROUP_ID.upper()}]),
        },
    ],
    ids=["method off", "none mapped", "excluded"],
)
def test_a_certificate_that_the_tenant_does_not_take_is_none(changes: dict[str, Any]) -> None:
    assert "no passkey or certificate" in only(methods=PASSWORD_ALONE, **changes)


def test_a_certificate_that_cannot_be_looked_up_is_not_denied() -> None:
    line = only(methods=PASSWORD_ALONE, certificate_ids=None)
    assert "no passkey (and whether it has a certificate cannot be told)" in line


@pytest.mark.parametrize(
    ("properties", "why", "step"),
    [
        ({"state": "disabled"}, "the method is off", "Enable"),
        (
            {"excludeTargets": [{"id": GROUP_ID.upper()}]},
            "a group that it is in is excluded",
            "Exclude",
        ),
        ({"includeTargets": [{"id": "another-group"}]}, "it is in none of the groups", "Include"),
        ({"includeTargets": None}, "it is in none of the groups", "Include"),
    ],
)
def test_a_policy_that_forbids_passkeys_is_told_with_the_reason(
    properties: dict[str, Any], why: str, step: str
) -> None:
    forbidding = policy(configuration("Fido2", **properties))
    line = only(policy=forbidding)
    assert "may not use a passkey" in line
    assert why in line
    assert "Authentication Policy Administrator" in line
    without = told(methods=PASSWORD_ALONE, policy=forbidding)
    assert len(without) == 2
    assert (
        "1. Entra admin centre → Authentication methods → Policies → Passkey (FIDO2) → Enable and"
        f" target → {step} →" in without[0]
    )


def test_a_policy_for_our_group_allows_its_members() -> None:
    assert told(policy=policy(configuration("Fido2", includeTargets=[{"id": GROUP_ID}]))) == []


def test_with_a_certificate_passkeys_may_be_forbidden() -> None:
    allowed = policy(
        configuration("Fido2", state="disabled"),
        configuration("X509Certificate", authenticationModeConfiguration=STRONG),
    )
    assert told(methods=PASSWORD_ALONE, certificate_ids=CERTIFICATE, policy=allowed) == []


def restricted(kind: str, *keys: str) -> dict[str, Any]:
    return {"isEnforced": True, "enforcementType": kind, "aaGuids": list(keys)}


@pytest.mark.parametrize(
    ("restrictions", "free"),
    [
        (restricted("allow", KEY.upper()), True),
        (restricted("allow", "another"), False),
        (restricted("block", KEY), False),
        (restricted("block", "another"), True),
        ({**restricted("block", KEY), "isEnforced": False}, True),
        (None, True),
    ],
)
def test_a_key_of_a_forbidden_make_is_told(restrictions: Any, free: bool) -> None:
    lines = told(policy=policy(configuration("Fido2", keyRestrictions=restrictions)))
    assert lines == [] if free else "passkey 'Safe North'" in lines[0] and KEY in lines[0]


@pytest.mark.parametrize(
    ("named", "kinds", "restrictions", "free"),
    [
        (["one"], "deviceBound", restricted("allow", KEY), True),
        (["one"], "deviceBound,synced", restricted("block", KEY), False),
        (["ONE"], "synced", None, False),
        (["one", "two"], "synced", None, True),
        ([], "synced", None, True),
    ],
)
def test_one_profile_that_allows_a_key_is_enough(
    named: list[str], kinds: str, restrictions: Any, free: bool
) -> None:
    profiles = [
        {"id": "one", "passkeyTypes": kinds, "keyRestrictions": restrictions},
        {"id": "two", "passkeyTypes": "deviceBound"},
    ]
    targets = [{"id": "all_users", "allowedPasskeyProfiles": named}]
    found = told(
        policy=policy(
            configuration("Fido2", passkeyProfiles=profiles, includeTargets=targets),
        )
    )
    assert (found == []) == free


def test_a_synced_passkey_needs_a_profile_that_takes_such() -> None:
    profiles = [{"id": "one", "passkeyTypes": "deviceBound"}]
    targets = [{"id": "all_users", "allowedPasskeyProfiles": ["one"]}]
    allowed = policy(configuration("Fido2", passkeyProfiles=profiles, includeTargets=targets))
    synced = (Method(PASSKEY, "k", aa_guid=KEY, synced=True),)
    assert "may not use its passkey" in only(methods=synced, policy=allowed)


@pytest.mark.parametrize("state", ["enabled", "enforced"])
def test_per_user_mfa_is_told(state: str) -> None:
    line = only(per_user_mfa=state)
    assert f"per-user MFA {state}" in line
    assert "Disable MFA" in line


def test_a_left_over_access_pass_is_told() -> None:
    left = Method(ACCESS_PASS, "t", detail="Expired", usable=False)
    line = only(methods=(*KEYED, left))
    assert "left over (Expired)" in line
    assert "Temporary Access Pass → Delete" in line
    unexplained = (*KEYED, Method(ACCESS_PASS, "t", usable=False))
    assert "left over (old)" in only(methods=unexplained)


def test_a_usable_access_pass_is_told_as_such() -> None:
    line = only(methods=(*KEYED, Method(ACCESS_PASS, "t", detail="EnabledByPolicy")))
    assert "that can be used now" in line


def test_methods_of_a_person_are_listed_once_each() -> None:
    foreign = (
        Method("phone", "1", detail="mobile"),
        Method("phone", "2", detail="mobile"),
        Method("external", "3"),
        Method("brandNew", "4"),
    )
    line = only(methods=(*KEYED, *foreign))
    assert "a person or a device: a phone (mobile), an external method, brandNew;" in line


def test_a_licence_is_told_with_the_mailbox() -> None:
    line = only(user=user(licensed=True))
    assert "licence assigned" in line
    assert "mailbox" in line


def test_a_warning_is_a_line_and_long_steps_are_in_the_outputs_alone() -> None:
    short = Obstacle("account-1", "is disabled", "enable it")
    long = Obstacle("account-1", "has no passkey", "1. do this; " * 60)
    assert short.warning == "account-1: is disabled; what to do: enable it"
    assert long.warning.startswith("account-1: has no passkey; what to do, step by step:")
    assert "pulumi stack output obstacles" in long.warning
    assert "1. do this" not in long.warning

from datetime import UTC, datetime

import pytest

from entra.authentication import Authentication, Method
from entra.errors import Forbidden, GraphError, NotFound
from tests.unit.graph_stub import StubGraph, ok, refusal

TYPE = "#microsoft.graph.{}AuthenticationMethod"


def test_methods_are_told_by_kind_and_name_but_no_number_or_address() -> None:
    graph = StubGraph(
        ok(
            {
                "value": [
                    {"@odata.type": TYPE.format("password"), "id": "1", "password": None},
                    {
                        "@odata.type": TYPE.format("fido2"),
                        "id": "2",
                        "displayName": "Safe\n North",
                        "aaGuid": "CB69",
                        "creationDateTime": "2026-01-31T12:00:00Z",
                        "passkeyType": "synced",
                    },
                    {
                        "@odata.type": TYPE.format("phone"),
                        "id": "3",
                        "phoneNumber": "+1 5551234",
                        "phoneType": "mobile",
                    },
                    {
                        "@odata.type": TYPE.format("email"),
                        "id": "4",
                        "emailAddress": "ada@example.com",
                    },
                    {
                        "@odata.type": TYPE.format("temporaryAccessPass"),
                        "id": "5",
                        "isUsable": False,
                        "methodUsabilityReason": "Expired",
                        "createdDateTime": "2026-01-31T12:00:00.1234567Z",
                    },
                    {"id": "6"},
                ]
            }
        )
    )
    found = Authentication(graph.client).methods("0a-1")
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert found == (
        Method("password", "1"),
        Method("fido2", "2", noon, "Safe North", "cb69", synced=True),
        Method("phone", "3", detail="mobile"),
        Method("email", "4"),
        Method(
            "temporaryAccessPass", "5", noon.replace(microsecond=123456), "Expired", usable=False
        ),
        Method("unknown", "6"),
    )
    assert "5551234" not in repr(found)
    assert "example.com" not in repr(found)
    assert graph.calls == ["GET /v1.0/users/0a-1/authentication/methods"]


@pytest.mark.parametrize(
    ("answer", "state"), [({"perUserMfaState": "enforced"}, "enforced"), ({}, "disabled")]
)
def test_per_user_mfa_is_read_from_beta(answer: dict[str, str], state: str) -> None:
    graph = StubGraph(ok(answer))
    assert Authentication(graph.client).per_user_mfa("0a-1") == state
    assert graph.calls == ["GET /beta/users/0a-1/authentication/requirements"]


@pytest.mark.parametrize(
    ("info", "ids"),
    [
        ({"certificateUserIds": ["X509:<PN>x@c"]}, ("X509:<PN>x@c",)),
        ({"certificateUserIds": None}, ()),
        (None, ()),
    ],
)
def test_certificates_of_a_user_are_read(info: object, ids: tuple[str, ...]) -> None:
    graph = StubGraph(ok({"id": "0a-1", "authorizationInfo": info}))
    assert Authentication(graph.client).certificate_ids("0a-1") == ids
    assert graph.requests[0].url.params["$select"] == "id,authorizationInfo"


def test_the_policy_is_read_in_one_request_and_what_it_does_not_name_is_off() -> None:
    targets = [{"targetType": "group", "id": "all_users"}]
    fido2 = {"id": "Fido2", "state": "enabled", "includeTargets": targets, "keyRestrictions": None}
    graph = StubGraph(ok({"authenticationMethodConfigurations": [fido2]}))
    policy = Authentication(graph.client).policy()
    assert policy.passkeys.allows({"0a-1"})
    assert not policy.access_passes.allows({"0a-1"})
    assert not policy.names_groups()
    assert graph.calls == ["GET /v1.0/policies/authenticationMethodsPolicy"]


def test_a_policy_of_another_shape_is_one_line() -> None:
    graph = StubGraph(ok({"authenticationMethodConfigurations": [{"id": "Fido2", "state": 7}]}))
    with pytest.raises(GraphError, match="1 properties are not as documented") as raised:
        Authentication(graph.client).policy()
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (404, NotFound)])
def test_refusals_keep_their_kind(status: int, error: type[GraphError]) -> None:
    graph = StubGraph(refusal(status))
    with pytest.raises(error):
        Authentication(graph.client).methods("0a-1")

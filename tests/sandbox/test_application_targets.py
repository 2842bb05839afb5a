"""Which of Microsoft's applications a policy reaches: groups, dependencies, ids nobody knows.

Source: Microsoft Learn, "Conditional Access: Target resources", "Apps included in Conditional
Access Office 365 app suite", "Conditional Access service dependencies" and "Verify first-party
Microsoft applications in sign-in reports" (the ids).
"""

from typing import Any

import pytest

from sandbox.tenant.access.microsoft_apps import KNOWN, cloud_app
from sandbox.tenant.access.policy_schema import GUID
from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from tests.sandbox.evaluation_table.case import Case, Object, policy, thing
from tests.sandbox.evaluation_table.tenant import DOMAIN, tenant_of

EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
DEFENDER = "80ccca67-54bd-44ab-8625-4b79c4dc7775"
TEAMS_ADMIN = "2ddfbe71-ed12-4123-b99b-d5fc8a062a79"
NOBODYS = "3f1c9a52-6c8e-4b0e-9d55-7a1c2b3d4e5f"
PORTALS = "MicrosoftAdminPortals"
REGISTER = "urn:user:registersecurityinfo"


def mfa_for(*included: str, excluded: tuple[str, ...] = ()) -> Object:
    apps = {"includeApplications": list(included), "excludeApplications": list(excluded)}
    return policy("mfa", apps=apps)


def tried(rule: Object, **sign_in_facts: Any) -> dict[str, Any]:
    tenant = tenant_of(Case("", [rule], {}, "", []))
    body = {"user": f"eve@{DOMAIN}", **sign_in_facts}
    return sign_in(tenant, SignInRequest.model_validate(body))


def outcome(rule: Object, **sign_in_facts: Any) -> tuple[str, str]:
    answer = tried(rule, **sign_in_facts)
    return answer["decision"], answer["policies"][0]["result"]


@pytest.mark.parametrize(
    "app",
    [
        "Azure Portal",
        "Exchange admin center",
        "Microsoft 365 admin center",
        "Microsoft Defender portal",
        "Microsoft Entra admin center",
        "Microsoft Intune admin center",
        "Microsoft Purview portal",
        "Microsoft Teams admin center",
        "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
        "497effe9-df71-4043-a8bb-14cf78c4b63b",
        "00000006-0000-0ff1-ce00-000000000000",
        DEFENDER,
        TEAMS_ADMIN,
    ],
)
def test_a_policy_for_the_admin_portals_reaches_every_portal_of_the_page(app: str) -> None:
    assert outcome(mfa_for(PORTALS), app=app) == ("mfa", "applied")


@pytest.mark.parametrize(
    "app",
    [
        "00000005-0000-0ff1-ce00-000000000000",  # Viva Engage, once Yammer
        "00000006-0000-0ff1-ce00-000000000000",  # Microsoft Office 365 Portal
        "5e3ce6c0-2b1f-4285-8d4b-75ee78787346",  # Microsoft Teams Web Client
        "c9a559d2-7aab-4f13-a6ed-e7e9c52aec87",  # Microsoft Forms
        "905fcf26-4eb7-48a0-9ff0-8dcc7194b5ba",  # Sway
        "497effe9-df71-4043-a8bb-14cf78c4b63b",  # Exchange admin center, by its resource
        "Microsoft Teams admin center",  # the same
    ],
)
def test_a_policy_for_office_365_reaches_what_its_page_lists(app: str) -> None:
    assert outcome(mfa_for("Office365"), app=app) == ("mfa", "applied")


@pytest.mark.parametrize("app", ["Power BI Service", "Azure Data Lake", "Graph Explorer"])
def test_what_is_in_neither_group_is_not_reached(app: str) -> None:
    assert outcome(mfa_for("Office365", PORTALS), app=app) == ("allowed", "notApplied")


@pytest.mark.parametrize(
    ("rule", "result"),
    [
        (mfa_for(PORTALS), "notEvaluated"),
        (mfa_for("Office365"), "notEvaluated"),
        (mfa_for("All", excluded=("Office365",)), "notEvaluated"),
        (mfa_for("All"), "applied"),
        (mfa_for("All", excluded=(EXCHANGE,)), "applied"),
        (mfa_for(NOBODYS), "applied"),
        (mfa_for(NOBODYS, PORTALS), "applied"),
        (mfa_for(EXCHANGE), "notApplied"),
        (mfa_for("None", excluded=(PORTALS,)), "notApplied"),
    ],
)
def test_an_id_that_nobody_knows_is_judged_only_where_its_group_does_not_matter(
    rule: Object, result: str
) -> None:
    answer = tried(rule, app=NOBODYS)
    assert answer["policies"][0]["result"] == result
    named = [said for said in answer["notEvaluated"] if f"whether {NOBODYS} is part of" in said]
    assert len(named) == (result == "notEvaluated")


def test_whether_the_platform_guards_an_unknown_id_is_left_open() -> None:
    rule = mfa_for(EXCHANGE)
    answer = tried(rule, app=NOBODYS)
    assert answer["platformAsks"] is None
    assert "whether the platform itself demands" in answer["notEvaluated"][0]
    assert tried(rule, app=NOBODYS, mfa=True)["notEvaluated"] == []
    assert tried(rule, app="Nightly job")["notEvaluated"] == []


def test_the_organizations_own_application_is_in_no_group() -> None:
    rule = mfa_for("Office365", PORTALS)
    assert outcome(rule, app=thing("app")) == ("allowed", "notApplied")


@pytest.mark.parametrize(
    ("app", "rule", "decision"),
    [
        ("Microsoft Teams", mfa_for(EXCHANGE), "mfa"),
        ("Microsoft Teams", mfa_for(SHAREPOINT), "mfa"),
        ("Microsoft Teams", mfa_for("All", excluded=(thing("app"),)), "mfa"),
        ("Microsoft Teams Web Client", mfa_for(EXCHANGE), "mfa"),
        ("Microsoft Forms", mfa_for(SHAREPOINT), "mfa"),
        ("Azure Data Lake", mfa_for(AZURE_MANAGEMENT), "mfa"),
        ("Outlook Mobile", mfa_for(EXCHANGE), "mfa"),
        ("Outlook Mobile", mfa_for(SHAREPOINT), "allowed"),
        ("OfficeHome", mfa_for(EXCHANGE), "allowed"),
        ("Microsoft Teams", mfa_for(AZURE_MANAGEMENT), "allowed"),
    ],
)
def test_an_application_opens_only_when_the_services_it_needs_are_satisfied(
    app: str, rule: Object, decision: str
) -> None:
    assert tried(rule, app=app)["decision"] == decision


def test_excluding_an_application_does_not_free_it_of_the_services_it_needs() -> None:
    teams = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"
    answer = tried(mfa_for("All", excluded=(teams,)), app="Microsoft Teams")
    assert answer["decision"] == "mfa"
    assert "(for Office 365 Exchange Online, which the" in answer["policies"][0]["reason"]
    without = mfa_for("All", excluded=("Office365",))
    assert outcome(without, app="Microsoft Teams") == ("allowed", "notApplied")


def test_what_is_asked_for_later_is_told() -> None:
    reason = tried(mfa_for(SHAREPOINT), app="OfficeHome")["policies"][0]["reason"]
    assert reason.endswith("it is asked for once Office 365 SharePoint Online is opened")
    assert "is opened" not in tried(mfa_for("None"), app="OfficeHome")["policies"][0]["reason"]


def test_a_user_action_by_itself_is_no_sign_in_to_the_azure_portal() -> None:
    for target in (AZURE_MANAGEMENT, PORTALS):
        answer = tried(mfa_for(target), userAction=REGISTER)
        assert answer["policies"][0]["result"] == "notApplied"
        assert (answer["app"], answer["platformAsks"]) == (REGISTER, None)
        assert (answer["row"]["AppId"], answer["row"]["AppDisplayName"]) == ("", "")
        assert tried(mfa_for(target))["decision"] == "mfa"
    assert tried(mfa_for("All"), userAction=REGISTER)["decision"] == "mfa"
    with_app = tried(mfa_for(AZURE_MANAGEMENT), userAction=REGISTER, app="Azure Portal")
    assert with_app["decision"] == "mfa"


def test_every_known_id_is_one_and_every_needed_service_is_known() -> None:
    for app in KNOWN:
        assert GUID.fullmatch(app.app_id)
        for name, service_id in (*app.needs, *app.calls_later):
            assert cloud_app(service_id).display_name == name
    names = [app.display_name for app in KNOWN]
    assert len(set(names)) == len(names)

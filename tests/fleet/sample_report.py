"""A report on a dozen customers, each with another story; the picture in the guide shows it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fleet.report import (
    AccountLine,
    AlarmLine,
    CustomerReport,
    FleetReport,
    LastKnown,
    Money,
    Planned,
    PolicyCounts,
    Problem,
)

MADE = datetime(2026, 11, 23, 4, 12, tzinfo=UTC)
HOSTILE = (
    "\"><script>document.title='owned'</script><img src=x onerror=alert(1)>|`[x](javascript:0)"
)
"""What an administrator of a tenant might name something."""


def customer(name: str, number: int = 0, **different: Any) -> CustomerReport:
    """A customer with which all is well, but for what is said."""
    domain = f"{name.lower()}.onmicrosoft.com"
    usual: dict[str, Any] = {
        "customer": name,
        "tenant_id": f"00000000-0000-4000-8000-{number:012}",
        "subscription_id": f"00000000-0000-4000-9000-{number:012}",
        "operation": "up",
        "outcome": "done",
        "started": MADE - timedelta(minutes=9),
        "seconds": 74.5,
        "changes": {"same": 31 + number},
        "accounts": tuple(account(f"k{letter}7x2@{domain}") for letter in "ab"),
        "policies": PolicyCounts(excluded=8 + 3 * number, skipped=0, drifted=0),
        "last_verified": MADE - timedelta(minutes=8),
        "alarm": AlarmLine(enabled=True, receivers=3, first_row="logs arrive"),
        "licence": "required",
        "monthly_cost": Money(amount=1.5 + number / 4, currency="EUR"),
    }
    return CustomerReport.model_validate({**usual, **different})


def account(user_principal_name: str, *hindrances: str) -> AccountLine:
    """An account, ready unless something hinders it."""
    return AccountLine(
        user_principal_name=user_principal_name,
        object_id="00000000-0000-4000-a000-000000000000",
        ready=not hindrances,
        hindrances=hindrances,
    )


def planned(operation: str, type_: str, name: str) -> Planned:
    """A resource that would be touched."""
    return Planned(operation=operation, type=type_, name=name)


def fleet(*customers: CustomerReport, **different: Any) -> FleetReport:
    """A report on some customers."""
    usual: dict[str, Any] = {"made": MADE, "operation": "up", "customers": customers}
    return FleetReport.model_validate({**usual, **different})


def sample() -> FleetReport:
    """Twelve customers: one failed, three need somebody, one was not started."""
    return fleet(
        customer("alpine-hotels", 0),
        customer(
            "bakery-lindt",
            1,
            changes={"create": 2, "update": 1, "same": 30},
            planned=(
                planned("create", "azuread:index/user:User", "account-3-user"),
                planned("create", "azuread:index/groupMember:GroupMember", "group-member-3"),
                planned("update", "azure-native:monitor:ScheduledQueryRule", "use-alert"),
            ),
        ),
        customer("city-library", 2),
        customer(
            "dental-north",
            3,
            licence="missing",
            policies=PolicyCounts(excluded=0, skipped=0, drifted=0),
        ),
        customer(
            "eastside-gym",
            4,
            outcome="failed",
            changes={},
            last_known=LastKnown(
                as_of=MADE - timedelta(days=3),
                accounts=tuple(account(f"k{letter}7x2@eastside-gym") for letter in "ab"),
                policies=PolicyCounts(excluded=20, skipped=0),
                alarm=AlarmLine(enabled=True, receivers=3),
                monthly_cost=Money(amount=2.5, currency="EUR"),
            ),
            accounts=None,
            policies=PolicyCounts(),
            last_verified=MADE - timedelta(days=3),
            alarm=AlarmLine(),
            licence="unknown",
            monthly_cost=None,
            problems=(
                Problem(
                    what="Microsoft refused the sign-in: the client secret has expired.",
                    todo="Make a new one, and store it as `ARM_CLIENT_SECRET__EASTSIDE_GYM`.",
                ),
            ),
        ),
        customer("farm-coop", 5),
        customer("garden-centre", 6, policies=PolicyCounts(excluded=24, skipped=1, drifted=2)),
        customer("harbour-logistics", 7),
        customer(
            "iron-works",
            8,
            accounts=(
                account("kd7x2@iron-works.onmicrosoft.com"),
                account("kq9t4@iron-works.onmicrosoft.com", "no passkey is registered"),
            ),
        ),
        customer("jazz-academy", 9, licence="absent"),
        customer("kite-school", 10),
        customer(
            "law-office",
            11,
            outcome="not started",
            started=None,
            seconds=0,
            changes={},
            accounts=None,
            policies=PolicyCounts(),
            last_verified=MADE - timedelta(days=9),
            alarm=AlarmLine(),
            licence="unknown",
            monthly_cost=None,
        ),
        revision="3f9c2d1a7b60",
    )

"""What one `breakglass up` measured: the schema of `.sandbox/up.json`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from cli.workspace import write_private


class _Facts(BaseModel):
    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid"
    )


class EngineFacts(_Facts):
    """Which `pulumi` ran, and where it came from (path, installer, build, cache)."""

    version: str
    source: str


class PolicyFacts(_Facts):
    """Conditional Access policies, counted in the tenant itself."""

    total: int
    excluded: int
    skipped: int


class BreakGlassSignIn(_Facts):
    """A sign-in with an emergency account and its real password."""

    decision: str
    policies_applied: int
    platform_asks: str | None


class AdminSignIn(_Facts):
    """The same sign-in by an ordinary administrator; `policy` is the one that decided."""

    decision: str
    policy: str | None


class AlertFacts(_Facts):
    """The alert on use of an emergency account."""

    fired: bool
    severity: int | None


class MailFacts(_Facts):
    """The mail that the alert sent."""

    to: list[str]
    subject: str | None


class HealFacts(_Facts):
    """The `pulumi up` after an administrator's mistake: writes to policies, sign-in afterwards."""

    writes: int
    sign_in_after: str


class DriftFacts(_Facts):
    """The same for an exclusion that somebody took out of a policy again."""

    pending_shown: bool  # the preview named `pending` as what differs
    writes: int
    sign_in_after: str


class RequestFacts(_Facts):
    """Requests to Conditional Access, pages counted."""

    up: int
    heal: int


class SecondsFacts(_Facts):
    """Wall-clock seconds."""

    setup: float
    up: float
    preview: float


class UpFacts(_Facts):
    """Everything `.sandbox/up.json` holds."""

    engine: EngineFacts
    plugins: dict[str, str]  # name → "real" or "stand-in"
    resources: int
    policies: PolicyFacts
    break_glass_sign_in: BreakGlassSignIn
    admin_sign_in: AdminSignIn
    alert: AlertFacts
    mail: MailFacts
    heal: HealFacts
    drift: DriftFacts
    final_preview_changes: int
    ca_requests: RequestFacts
    seconds: SecondsFacts

    def shortfalls(self) -> list[str]:
        """What is not as promised, one line each; empty when all is well."""
        policies, sign_in = self.policies, self.break_glass_sign_in
        uncovered = policies.total - policies.excluded - policies.skipped
        checks = [
            (uncovered == 0, f"{uncovered} of {policies.total} policies lack the exclusion"),
            (policies.total > 0, "the tenant has no Conditional Access policy"),
            (
                sign_in.decision == "allowed",
                f"the break-glass sign-in is {sign_in.decision}, expected allowed",
            ),
            (
                sign_in.policies_applied == 0,
                f"{sign_in.policies_applied} policies apply to the break-glass account, expected 0",
            ),
            (
                self.admin_sign_in.decision in ("mfa", "blocked"),
                f"the ordinary administrator is {self.admin_sign_in.decision}, "
                "expected mfa or blocked",
            ),
            (self.alert.fired, "the alert did not fire"),
            (
                not self.alert.fired or self.alert.severity == 0,
                f"the alert has severity {self.alert.severity}, expected 0",
            ),
            (bool(self.mail.to), "no mail was sent"),
            (self.heal.writes == 1, f"healing took {self.heal.writes} writes, expected 1"),
            (
                self.heal.sign_in_after == "allowed",
                f"after healing the sign-in is {self.heal.sign_in_after}, expected allowed",
            ),
            (self.drift.pending_shown, "the preview of a lost exclusion does not show `pending`"),
            (
                self.drift.writes == 1,
                f"healing a lost exclusion took {self.drift.writes} writes, expected 1",
            ),
            (
                self.drift.sign_in_after == "allowed",
                f"after healing a lost exclusion the sign-in is {self.drift.sign_in_after}, "
                "expected allowed",
            ),
            (
                self.final_preview_changes == 0,
                f"the last preview shows {self.final_preview_changes} changes, expected 0",
            ),
        ]
        return [line for holds, line in checks if not holds]

    def save(self, path: Path) -> None:
        """Write the facts whole or not at all."""
        write_private(path, self.model_dump_json(by_alias=True, indent=2) + "\n")

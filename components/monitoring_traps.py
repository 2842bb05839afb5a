"""What would stop or silence a `SignInMonitoring`, found before anything is changed.

For a program without look-ups of its own. The checks are those that the whole stack runs for its
settings; here the ways out name the component's arguments.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

import pulumi

from alerting.log_categories import CATEGORIES_WITHOUT_PREMIUM, DEFAULT_CATEGORIES
from components.action_group_checks import find_existing_action_group, rings_already
from components.argument_wording import MONITORING_ARGUMENTS
from components.azure_resources import (
    DIAGNOSTICS_TYPE,
    QUERY_RULE_TYPE,
    WORKSPACE_TYPE,
    find_surely,
    known_monitoring,
    names_in_state,
    same_id,
)
from components.diagnostic_checks import FoundDiagnostics, WantedDiagnostics, check_diagnostics
from components.log_workspace import DIAGNOSTIC_SETTING
from components.monitoring_arguments import Diagnostics, SignInMonitoringArgs, Watch, Workspace
from components.monitoring_names import workspace_id
from components.plain_arguments import either
from components.stack_memory import StackMemory
from components.subscription_checks import RightsReader, check_right_to_export, unregistered
from components.workspace_checks import check_region, find_existing_workspace
from entra.errors import EntraError, RightMissing
from entra.resource_manager import DiagnosticSetting

AT_ONCE: Final = 6
"""Questions that are put at the same time."""


class MonitoringReader(RightsReader, Protocol):
    """What is asked of `entra.resource_manager.ResourceManager`."""

    def connect(self) -> None:
        """Raises IdentityError when nothing can be asked at all: that is no fault of what is asked
        about."""
        ...

    def diagnostic_settings(self) -> Sequence[DiagnosticSetting]:
        """The tenant's; raises RightMissing when they may not be read."""
        ...


@dataclass(frozen=True)
class FoundEarlier:
    """The workspaces to which the logs went before, as Azure has them."""

    ids: tuple[str, ...] = ()
    """Without those that are surely gone: a rule that was made for one is made anew."""
    notices: tuple[str, ...] = ()
    """What to warn of."""


@dataclass(frozen=True)
class MonitoringTraps:
    """The questions about one component."""

    azure: MonitoringReader
    args: SignInMonitoringArgs
    subscription_id: str
    """Of the alarms."""
    known: StackMemory
    """What the state knows of this component."""
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    """How a 404 is waited out for what ought to be there."""

    def look(self) -> FoundDiagnostics:
        """Our own diagnostic setting that the state lacks, and every warning.

        A settled component that names nothing existing costs no question. Raises RunError, one
        line, for what Azure would refuse and for what would leave nobody told; EntraError.
        """
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            exported = pool.submit(self._diagnostics)
            others = [
                pool.submit(question)
                for question in (self._workspace, self._action_groups, self._providers)
            ]
            found = exported.result()  # First: whoever may not read them is told so.
            notices = [line for other in others for line in other.result()]
        return FoundDiagnostics(found.kept_id, tuple(dict.fromkeys((*found.notices, *notices))))

    def earlier_workspaces(self) -> FoundEarlier:
        """Those that the arguments name. Raises IdentityError when nothing can be asked at all."""
        ids, notices, wanted = list[str](), list[str](), either(self._place().earlier, ())
        if wanted:
            self.azure.connect()
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for one, said in zip(wanted, pool.map(self._is_gone, wanted), strict=True):
                gone, line = said
                ids += [] if gone else [one]
                notices += [line] if line else []
        return FoundEarlier(tuple(ids), tuple(notices))

    def _is_gone(self, earlier: str) -> tuple[bool, str]:
        """Whether Azure surely has a workspace no more, and what to warn of."""
        forget = f"leave it out of {MONITORING_ARGUMENTS.named('workspace.earlier')}"
        try:
            found = find_surely(self.azure, earlier, WORKSPACE_TYPE, sleep=self.sleep)
        except EntraError as error:
            return False, (
                f"earlier workspace {earlier}, which the alarms still read, cannot be looked up:"
                f" {error}; when its logs are needed no more: {forget}"
            )
        if found is not None:
            return False, ""
        current = workspace_id(self.args, self.subscription_id)
        return True, (
            f"earlier workspace {earlier} is gone: an alarm that was made for it does not ring and"
            f" is made anew for {current}, before the old one is deleted; no alarm reads that"
            f" workspace any more; {forget}, or whoever needs its logs restores it within 14 days:"
            f" az monitor log-analytics workspace recover --ids {earlier}"
        )

    def _diagnostics(self) -> FoundDiagnostics:
        wanted = self._wanted()
        if wanted.existing is None and self._sends_already(wanted):
            return FoundDiagnostics()
        try:
            there = self.azure.diagnostic_settings()
        except RightMissing as error:
            if wanted.existing is None:
                raise pulumi.RunError(f"{error}; nothing was changed") from None
            unseen = f"whether diagnostic setting {wanted.existing!r} sends the logs is not seen"
            return FoundDiagnostics(notices=(f"{unseen}: {error}",))
        own = self.known(DIAGNOSTICS_TYPE)
        found = check_diagnostics(
            there,
            wanted,
            self.known,
            standing=not own and same_id(self._output("workspaceId"), wanted.workspace_id),
            wording=MONITORING_ARGUMENTS,
        )
        if wanted.existing is None and not own:
            check_right_to_export(self.azure)
        return found

    def _wanted(self) -> WantedDiagnostics:
        chosen, workspace = either(self.args.diagnostics, Diagnostics()), self._place()
        default = (
            DEFAULT_CATEGORIES if either(self.args.premium, True) else CATEGORIES_WITHOUT_PREMIUM
        )
        return WantedDiagnostics(
            name=either(chosen.name, DIAGNOSTIC_SETTING),
            categories=either(chosen.categories, default),
            workspace_id=workspace_id(self.args, self.subscription_id),
            existing=chosen.existing,
            own_workspace=workspace.existing is None,
        )

    def _sends_already(self, wanted: WantedDiagnostics) -> bool:
        """Whether the state's setting asks no more of Azure than it gave."""
        if wanted.name.casefold() not in names_in_state(self.known, DIAGNOSTICS_TYPE):
            return False
        if not same_id(self._output("workspaceId"), wanted.workspace_id):
            return False
        logs = (one.get("logs") or () for one in self.known(DIAGNOSTICS_TYPE).values())
        sent = {
            str(log.get("category")).casefold()
            for found in logs
            for log in cast("Sequence[dict[str, Any]]", found)
            if log.get("enabled")
        }
        return sent.issuperset(one.casefold() for one in wanted.categories)

    def _workspace(self) -> list[str]:
        wanted = self._place()
        if wanted.existing is None:
            return []
        self.azure.connect()
        standing = same_id(self._output("workspaceId"), wanted.existing)
        found = find_existing_workspace(
            self.azure,
            wanted.existing,
            standing=standing,
            wording=MONITORING_ARGUMENTS,
            sleep=self.sleep,
        )
        region = either(wanted.location, self.args.location)
        if not isinstance(region, str):  # It is known only once something is made.
            return [*found.notices]
        warned = check_region(found, region, standing=standing, wording=MONITORING_ARGUMENTS)
        return [*found.notices, *warned]

    def _action_groups(self) -> list[str]:
        watch = either(self.args.watch, Watch())
        sought = {"notify.existing": self.args.notify.existing}
        if watch.notify is not None and (either(watch.rules, True) or either(watch.health, True)):
            sought["watch.notify.existing"] = watch.notify.existing
        notices: list[str] = []
        for argument, existing in sought.items():
            if existing is not None:
                self.azure.connect()
                found = find_existing_action_group(
                    self.azure,
                    existing,
                    argument,
                    standing=rings_already(self.known, existing),
                    wording=MONITORING_ARGUMENTS,
                    sleep=self.sleep,
                )
                notices += found.notices
        return notices

    def _providers(self) -> list[str]:
        if self.known(QUERY_RULE_TYPE):
            return []
        own = self._place().existing is None
        return unregistered(self.azure, self.subscription_id, own_workspace=own)

    def _place(self) -> Workspace:
        return either(self.args.workspace, Workspace())

    def _output(self, name: str) -> str:
        return str(known_monitoring(self.known).get(name) or "")

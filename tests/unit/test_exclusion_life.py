"""A tenant's policies over their life: our runs, everybody else's edits in between, our end.

The machine keeps beside each policy the lists that the others alone would have made of it. Ours
must never differ from them but by what we added, and after the end by nothing. Left out, because a
stack cannot know of it: what others write into a policy that no run of ours has seen, and an end
right after a run that was killed while it wrote into such a policy.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from components.exclusion_choice import Choice, choose
from components.exclusion_settings import ExclusionSettings, decided_under
from entra.exclusion import Entries, Scope, decide, missing, skip_reason
from entra.policy import Policy
from tests.unit.exclusion_lists import only, written
from tests.unit.graph_stub import policy_document

NAMES = ["MFA", "Block", "Guests"]
FOREIGN = ["f1", "F1", "f2", "GuestsOrExternalUsers"]
NOTHING = Entries()
STOOD_THERE = Entries(("f1", "group-1"), ("account-2", "f2"))
"""Two of ours among them: somebody has excluded them by hand before there was a stack."""


@dataclass
class TenantPolicy:
    """A policy as it stands, and what the others alone would have made of its lists."""

    name: str
    live: Entries
    theirs: Entries
    parked: bool = False
    asks_for_mfa: bool = True
    state: str = "enabled"
    edited: bool = False
    """Its owner changed what decides about exclusion."""

    def read(self, policy_id: str) -> Policy:
        return Policy.from_document(
            policy_document(
                policy_id,
                self.name,
                users={
                    "includeUsers": ["None" if self.parked else "All"],
                    "excludeGroups": list(self.live.groups),
                    "excludeUsers": list(self.live.users),
                },
                grant=("mfa",) if self.asks_for_mfa else ("block",),
                state=self.state,
            )
        )


@dataclass
class Child:
    """What the stack remembers of one policy."""

    wanted: Entries
    objects: Entries
    added: Entries
    settings: ExclusionSettings | None
    """Under which this was written."""


@dataclass(frozen=True)
class Wish:
    """The stack's settings."""

    group: str = "group-1"
    accounts: tuple[str, ...] = ("account-1", "account-2")
    users: bool = True
    scope: Scope = Scope.ALL
    skip: tuple[str, ...] = ()

    @property
    def objects(self) -> Entries:
        return Entries((self.group,), self.accounts)

    @property
    def wanted(self) -> Entries:
        return self.objects if self.users else Entries((self.group,))


@dataclass
class Stack:
    """What one stack keeps between its runs."""

    children: dict[str, Child] = field(default_factory=dict[str, Child])
    journal: dict[str, Entries] = field(default_factory=dict[str, Entries])
    """What a run that was killed had put into a policy, by policy id."""
    last: Wish | None = None
    """What the last run was about; None if it was killed."""
    registered: ExclusionSettings | None = None
    """Those of the last whole run."""
    existing: Entries = NOTHING
    """The group and accounts of our runs so far that are not deleted."""

    def settings(self, wish: Wish) -> ExclusionSettings:
        remembered = [child.settings for child in self.children.values()]
        return ExclusionSettings(wish.scope, wish.skip).numbered([self.registered, *remembered])

    def choice(self, policy: Policy, wish: Wish) -> Choice:
        child = self.children.get(policy.id)
        return choose(
            policy,
            self.settings(wish),
            before=decided_under(child.settings if child else None, self.registered),
            earlier=child.wanted if child else NOTHING,
        )

    def ours(self, policy_id: str) -> Entries:
        """What in a policy is ours, by the state or by the journal."""
        child = self.children.get(policy_id)
        saved = child.added if child else NOTHING
        return saved | self.journal.get(policy_id, NOTHING)


class TenantLife(RuleBasedStateMachine):
    """Steps of everybody in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.policies = {
            "p1": TenantPolicy("MFA", NOTHING, NOTHING, asks_for_mfa=False),
            "p2": TenantPolicy("MFA", STOOD_THERE, STOOD_THERE),
        }
        self.made = 2
        """Policies and objects so far; no id is ever used twice."""
        self.stack = Stack()
        self.wish = Wish()
        self.departed: set[str] = set()

    # Others.

    @precondition(lambda self: bool(self.policies))
    @rule(
        data=st.data(),
        edit=st.sampled_from(["add", "add ours", "remove", "turn around"]),
        entry=st.sampled_from(FOREIGN),
        other=st.booleans(),
    )
    def others_edit_the_lists(
        self, data: st.DataObject, edit: str, entry: str, other: bool
    ) -> None:
        policy_id = data.draw(st.sampled_from(sorted(self.policies)))
        policy = self.policies[policy_id]
        if edit == "add":
            policy.live = _put(policy.live, entry, first=other)
            policy.theirs = _put(policy.theirs, entry, first=other)
        elif edit == "add ours":
            self._others_add_one_of_ours(policy_id, user=other)
        elif edit == "remove" and policy.live:
            there = sorted({*policy.live.groups, *policy.live.users})
            gone = data.draw(st.sampled_from(there))
            policy.live = only(policy.live, outside=Entries((gone,), (gone,)))
            policy.theirs = only(policy.theirs, outside=Entries((gone,), (gone,)))
        elif edit == "turn around":
            policy.live = Entries(policy.live.groups[::-1], policy.live.users)
            policy.theirs = Entries(policy.theirs.groups[::-1], policy.theirs.users)

    def _others_add_one_of_ours(self, policy_id: str, *, user: bool) -> None:
        """Before us it is theirs; one that we had put there and somebody took out is ours."""
        if policy_id not in self.stack.children:
            return
        policy = self.policies[policy_id]
        known = self.stack.children[policy_id].objects & self.wish.objects
        entry = Entries((), known.users[:1]) if user else Entries(known.groups)
        if not entry - policy.live:
            return
        policy.live = _joined(policy.live, entry)
        if not entry & self.stack.ours(policy_id):
            policy.theirs = _joined(policy.theirs, entry)

    @precondition(lambda self: bool(self.policies))
    @rule(
        data=st.data(),
        edit=st.sampled_from(["park", "mfa", "state", "rename", "delete"]),
        name=st.sampled_from(NAMES),
    )
    def the_owner_edits_a_policy(self, data: st.DataObject, edit: str, name: str) -> None:
        """Parks it or turns it back, asks for MFA or no longer, and so on."""
        policy_id = data.draw(st.sampled_from(sorted(self.policies)))
        policy = self.policies[policy_id]
        policy.edited |= edit != "state"
        if edit == "park":
            policy.parked = not policy.parked
        elif edit == "mfa":
            policy.asks_for_mfa = not policy.asks_for_mfa
        elif edit == "state":
            others = {"disabled", "enabled", "enabledForReportingButNotEnforced"} - {policy.state}
            policy.state = data.draw(st.sampled_from(sorted(others)))
        elif edit == "rename":
            policy.name = name
        else:
            del self.policies[policy_id]

    @precondition(lambda self: len(self.policies) < 4)
    @rule(name=st.sampled_from(NAMES), entry=st.sampled_from(FOREIGN), mfa=st.booleans())
    def somebody_makes_a_policy(self, name: str, entry: str, mfa: bool) -> None:
        self.made += 1
        lists = Entries((entry,), (entry, entry))
        self.policies[f"p{self.made}"] = TenantPolicy(name, lists, lists, asks_for_mfa=mfa)

    # We.

    @rule(setting=st.sampled_from(["users", "more", "fewer", "group"]))
    def we_change_a_setting(self, setting: str) -> None:
        """A group's new name is none of these: it changes labels, and lists hold ids."""
        wish = self.wish
        self.made += 1
        if setting == "users":
            self._wish(users=not wish.users)
        elif setting == "more":
            self._wish(accounts=(*wish.accounts, f"account-{self.made}"))
        elif setting == "fewer":
            self._wish(accounts=wish.accounts[1:])
        else:
            self._wish(group=f"group-{self.made}")

    @rule()
    def we_change_the_scope(self) -> None:
        self._wish(scope=Scope.ALL if self.wish.scope is Scope.MFA_ONLY else Scope.MFA_ONLY)

    @rule(entry=st.sampled_from([*NAMES, "p1", "p2"]))
    def we_skip_a_policy_or_no_longer(self, entry: str) -> None:
        without = tuple(listed for listed in self.wish.skip if listed != entry)
        self._wish(skip=(*without, entry) if without == self.wish.skip else without)

    def _wish(self, **changes: Any) -> None:
        self.wish = Wish(**{**vars(self.wish), **changes})

    @rule()
    def we_run(self) -> None:
        """As the component and the provider do; retired objects are deleted behind the writes."""
        wish, before = self.wish, {key: policy.live for key, policy in self.policies.items()}
        settled = self.stack.last == self.wish
        self._forget_deleted_policies()
        for policy_id in self.policies:
            self._save(policy_id, self._write(policy_id))
        self.stack.registered = self.stack.settings(self.wish)
        self.stack.last = self.wish
        self._depart(self.stack.existing - self.wish.objects)
        self.stack.existing = self.wish.objects
        for policy_id, policy in self.policies.items():
            if self._choice(policy_id).reason is None:
                assert missing(policy.live, self.wish.wanted) == NOTHING
            if not policy.edited:
                skipped = skip_reason(policy.read(policy_id), scope=wish.scope, skip=wish.skip)
                saved = self.stack.children[policy_id]
                assert saved.wanted == (NOTHING if skipped else wish.wanted)
            if settled:
                assert not self.wish.wanted & (before[policy_id] - policy.live)
            assert self._write(policy_id) is None

    @precondition(lambda self: bool(self.policies and self.stack.registered))
    @rule(data=st.data())
    def we_are_killed_between_a_write_and_its_record(self, data: st.DataObject) -> None:
        """Policies before it are done and saved, maybe all; those behind it are not touched."""
        killed_at = data.draw(st.integers(0, len(self.policies)))
        self._forget_deleted_policies()
        self.stack.existing = self.stack.existing | self.wish.objects
        self.stack.last = None
        for number, policy_id in enumerate(self.policies):
            if number < killed_at:
                self._save(policy_id, self._write(policy_id))
            elif number == killed_at and (child := self._write(policy_id)):
                self.stack.journal[policy_id] = child.added

    def _forget_deleted_policies(self) -> None:
        for gone in [known for known in self.stack.children if known not in self.policies]:
            del self.stack.children[gone]
            self.stack.journal.pop(gone, None)

    def _choice(self, policy_id: str) -> Choice:
        return self.stack.choice(self.policies[policy_id].read(policy_id), self.wish)

    def _write(self, policy_id: str) -> Child | None:
        """Write one policy; what to save of it, None when nothing is due."""
        policy, objects = self.policies[policy_id], self.wish.objects
        choice = self._choice(policy_id)
        wanted = self.wish.wanted if choice.reason is None else self.wish.wanted & choice.stays
        child = self.stack.children.get(policy_id)
        saved = child or Child(NOTHING, objects, NOTHING, None)
        unchanged = child and child.wanted == wanted and child.objects == objects
        if unchanged and not missing(policy.live, wanted):
            return None
        retired = saved.objects - objects
        decision = decide(policy.live, wanted, self.stack.ours(policy_id), retired)
        policy.live = written(policy.live, decision.change)
        policy.theirs = only(policy.theirs, outside=retired)
        return Child(wanted, objects, decision.added, self.stack.settings(self.wish))

    def _save(self, policy_id: str, child: Child | None) -> None:
        if child:
            self.stack.children[policy_id] = child
            self.stack.journal.pop(policy_id, None)

    @precondition(lambda self: self.stack.journal.keys() <= self.stack.children.keys())
    @rule()
    def we_destroy(self) -> None:
        """And begin again with other objects. After a run that was killed: first run again."""
        for policy_id, child in self.stack.children.items():
            if policy := self.policies.get(policy_id):
                ours = self.stack.ours(policy_id)
                decision = decide(policy.live, NOTHING, ours, child.objects)
                policy.live = written(policy.live, decision.change)
        gone = self.stack.existing
        self.stack = Stack()
        self._depart(gone)
        self.made += 1
        self._wish(group=f"group-{self.made}", accounts=(f"account-{self.made}",))
        assert all(policy.live == policy.theirs for policy in self.policies.values())

    def _depart(self, gone: Entries) -> None:
        self.departed |= {*gone.groups, *gone.users}
        for policy in self.policies.values():
            policy.theirs = only(policy.theirs, outside=gone)

    # At any time.

    @invariant()
    def but_for_what_we_added_the_lists_are_what_the_others_made_of_them(self) -> None:
        for policy_id, policy in self.policies.items():
            assert only(policy.live, outside=self.stack.ours(policy_id)) == policy.theirs

    @invariant()
    def no_policy_names_a_departed_object(self) -> None:
        for policy in self.policies.values():
            assert not self.departed & {*policy.live.groups, *policy.live.users}


def _joined(entries: Entries, more: Entries) -> Entries:
    return Entries((*entries.groups, *more.groups), (*entries.users, *more.users))


def _put(entries: Entries, entry: str, *, first: bool) -> Entries:
    if first:
        return Entries((entry, *entries.groups), (entry, *entries.users))
    return Entries((*entries.groups, entry), (*entries.users, entry))


TenantLife.TestCase.settings = settings(
    max_examples=40, stateful_step_count=30, derandomize=True, deadline=None, database=None
)
test_a_tenant_lives_with_us = TenantLife.TestCase

"""What the tests of the exclusion algebra share: how often, and what a write makes of the lists."""

from hypothesis import settings

from entra.exclusion import Change, Entries

FEW = settings(max_examples=25, derandomize=True, deadline=None, database=None)


def written(live: Entries, change: Change | None) -> Entries:
    """The lists after a PATCH with a change; a list that is not sent stays."""
    if change is None:
        return live
    return Entries(
        live.groups if change.exclude_groups is None else change.exclude_groups,
        live.users if change.exclude_users is None else change.exclude_users,
    )


def only(entries: Entries, *, outside: Entries) -> Entries:
    """What is left, byte for byte, in order and with its duplicates."""
    return Entries(_outside(entries.groups, outside.groups), _outside(entries.users, outside.users))


def _outside(entries: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    left_out = {other.casefold() for other in others}
    return tuple(entry for entry in entries if entry.casefold() not in left_out)

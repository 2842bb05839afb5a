"""Customers' settings as a simulated tenant can take them, and which of them are the same there.

A pull request of anybody's brings these files, so nothing is taken for granted of what is in them.
What only the customer's own tenant has is replaced, and said: see ``fitted``. Two customers whose
settings are the same after that need one preview: what the program reads is the same.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import yaml

from cli.failure import CommandFailed

JSON = dict[str, Any]
SETTINGS: Final = "break-glass"
TENANT: Final = "azuread:tenantId"
SUBSCRIPTION: Final = "azure-native:subscriptionId"
LOCATION: Final = "azure-native:location"
ELSEWHERE: Final = (
    ("accounts", "adopt"),
    ("accounts", "recreate"),
    ("group", "existing"),
    ("group", "recreate"),
    ("exclusion", "skip"),
    ("monitoring", "resourceGroup", "existing"),
    ("monitoring", "workspace", "existing"),
    ("monitoring", "workspace", "forget"),
    ("monitoring", "diagnosticSetting", "existing"),
    ("monitoring", "notify", "existing"),
    ("monitoring", "notify", "resourceGroup"),
    ("monitoring", "watch", "notify", "existing"),
    ("monitoring", "watch", "notify", "resourceGroup"),
)
"""Settings that name what stands in the customer's own tenant."""
OF_THE_FLEET: Final = "fleet:"
"""How settings begin that name a customer's identities: no program reads them."""
FEWEST: Final = 2
"""Accounts that a stack has, adopted ones among them."""
MOST_VALUES, DEEPEST = 20_000, 40
"""So much a settings file may hold; anchors can make more of one than a machine has memory for."""
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*", re.IGNORECASE)
_INITIAL: Final = ".onmicrosoft.com"
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def text_of(path: Path) -> str:
    """What stands in a file. Raises CommandFailed."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandFailed(f"{path.name} cannot be read: {error}") from None


def read_settings(text: str, name: str) -> JSON:
    """A settings file's document. Raises CommandFailed in one line that begins with its name."""
    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CommandFailed(f"{name} cannot be read: {_first_line(error)}; correct it") from None
    except RecursionError:
        raise CommandFailed(f"{name} cannot be read: {_TOO_MUCH}; correct it") from None
    except Exception as error:  # noqa: BLE001  (a value that its tag does not fit: whatever comes)
        told = " ".join(str(error).split()) or type(error).__name__
        raise CommandFailed(
            f"{name} cannot be read: a value is none ({told}); correct it"
        ) from None
    if not isinstance(document, dict):
        raise CommandFailed(f"{name} holds no settings: expected `config:` with keys below it")
    _refuse_too_much(document, name)
    return cast("JSON", document)


_TOO_MUCH: Final = f"expected at most {MOST_VALUES:,} values, {DEEPEST} levels deep, with an end"


def _refuse_too_much(document: Any, name: str) -> None:
    """Raises CommandFailed for an anchor inside itself, or one that multiplies what it holds."""
    waiting, seen = [(document, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        inner = _inner(value)
        seen += 1
        if depth > DEEPEST or seen + len(waiting) + len(inner) > MOST_VALUES:
            raise CommandFailed(f"{name} cannot be read: {_TOO_MUCH}; correct it")
        waiting += [(one, depth + 1) for one in inner]


def _inner(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(cast("JSON", value).values())
    return list(cast("Iterable[Any]", value)) if isinstance(value, list | tuple | set) else []


def _first_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f" in line {mark.line + 1}" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or 'it is no YAML'}{line}"


def fitted(document: Mapping[str, Any], sandbox: Mapping[str, Any]) -> tuple[JSON, list[str]]:
    """The settings as the simulated tenant can take them, and the keys that were left out.

    Tenant, subscription and region become the simulated ones. A group of settings is left out whole
    when nothing else is in it. A value of the wrong kind stays: the program names it better.
    Raises CommandFailed for a `config:` that is none.
    """
    config: Any = document.get("config") or {}
    if not isinstance(config, dict):
        raise CommandFailed(
            f"config is a {type(config).__name__}, expected keys with values; correct it"
        )
    found = cast("JSON", config)
    theirs = cast("JSON", sandbox["config"])
    ids = {
        found[key].lower(): theirs[key]
        for key in (TENANT, SUBSCRIPTION)
        if isinstance(found.get(key), str) and _ID.fullmatch(found[key])
    }
    settings: JSON = _copied(
        {key: one for key, one in found.items() if not str(key).startswith(OF_THE_FLEET)}, ids
    )
    settings |= {key: theirs[key] for key in (TENANT, SUBSCRIPTION)}
    settings.setdefault(LOCATION, theirs[LOCATION])
    left_out: list[str] = []
    for first, *way, last in ELSEWHERE:
        at: Any = settings.get(f"{SETTINGS}:{first}")
        for part in way:
            at = cast("JSON", at).get(part) if isinstance(at, dict) else None
        if isinstance(at, dict) and cast("JSON", at).pop(last, None):
            left_out.append(f"{SETTINGS}:{'.'.join((first, *way, last))}")
    accounts = settings.get(f"{SETTINGS}:accounts")
    if isinstance(accounts, dict) and f"{SETTINGS}:accounts.adopt" in left_out:
        _make_enough(cast("JSON", accounts))
    left_out += _without_secrets(settings)
    return {"config": settings}, left_out


def _copied(value: Any, ids: Mapping[str, str]) -> Any:
    """A copy of its own, with the simulated tenant's ids in the place of the customer's."""
    if isinstance(value, dict):
        return {key: _copied(one, ids) for key, one in cast("JSON", value).items()}
    if isinstance(value, list):
        return [_copied(one, ids) for one in cast("list[Any]", value)]
    if isinstance(value, str) and ids:
        return _ID.sub(lambda one: ids.get(one[0].lower(), one[0]), value)
    return value


def _make_enough(accounts: JSON) -> None:
    """Two made accounts where adopted ones cannot be."""
    count = accounts.get("count")
    if not accounts.get("named") and (
        count is None or (isinstance(count, int) and 0 <= count < FEWEST)
    ):
        accounts["count"] = FEWEST


def _without_secrets(settings: JSON) -> list[str]:
    """Take out what the customer's key alone opens."""
    found: list[str] = []

    def cut(at: Any, path: str) -> None:
        pairs = cast("JSON", at).items() if isinstance(at, dict) else enumerate(at)
        for key, value in list(cast("Iterable[tuple[Any, Any]]", pairs)):
            where = f"{path}.{key}" if path else str(key)
            if isinstance(value, dict) and set(cast("JSON", value)) == {"secure"}:
                found.append(where)
                at[key] = "https://example.org/hook" if "webhook" in path.casefold() else "left-out"
            elif isinstance(value, dict | list):
                cut(value, where)

    cut(settings, "")
    return found


def domains_of(settings: Mapping[str, Any]) -> list[str]:
    """The domains that the accounts are to be in, each once; what is none is left to the program.

    In lower case, of `accounts.domain` and of single accounts.
    """
    found = (at["domain"] for at in _with_domains(settings))
    return list(dict.fromkeys(one.lower() for one in found))


def _with_domains(settings: Mapping[str, Any]) -> Iterator[JSON]:
    """The groups of settings that name a domain."""
    accounts: Any = cast("JSON", settings["config"]).get(f"{SETTINGS}:accounts")
    if not isinstance(accounts, dict):
        return
    named: Any = cast("JSON", accounts).get("named")
    single = list(cast("JSON", named).values()) if isinstance(named, dict) else []
    for at in (cast("JSON", accounts), *single):
        domain = cast("JSON", at).get("domain") if isinstance(at, dict) else None
        if isinstance(domain, str) and len(domain) <= 253 and _DOMAIN.fullmatch(domain):
            yield at


def sameness(before: Mapping[str, Any] | None, now: Mapping[str, Any], notes: Sequence[str]) -> str:
    """A text that is the same for customers of whom one preview tells all; of fitted settings.

    Beside ids, the name of the tenant's initial domain is each customer's own: it may differ.
    """
    names: dict[str, str] = {}
    both = [_copied(one, {}) for one in (before, now) if one is not None]
    for settings in both:
        for at in _with_domains(settings):
            domain = str(at["domain"]).lower()
            if domain.endswith(_INITIAL):
                at["domain"] = names.setdefault(domain, f"domain-{len(names) + 1}{_INITIAL}")
    return _text([before is None, both, list(notes)])


def _text(value: Any) -> str:
    if isinstance(value, dict):
        pairs = sorted((repr(key), _text(one)) for key, one in cast("JSON", value).items())
        return f"{{{', '.join(f'{key}: {one}' for key, one in pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_text(one) for one in cast('list[Any]', value))}]"
    return repr(value)

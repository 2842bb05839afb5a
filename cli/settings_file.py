"""A stack's settings file, `Pulumi.STACK.yaml`, as far as a command needs it.

The file is read as it lies there: nothing is decrypted and `pulumi` need not run, so that it can be
read before the first `pulumi up` and without the passphrase. Whether the settings are right is for
the program to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from cli.chosen_stack import PROJECT_FILES, ChosenStack, ask_engine
from cli.failure import CommandFailed
from cli.workspace import sandbox_folder
from fleet.errors import FleetError
from fleet.yaml_text import document_of

_SECRET: Final = "secure"  # noqa: S105  (the key under which `pulumi` keeps an encrypted value)


@dataclass(frozen=True)
class SettingsFile:
    """The values of a stack's settings by their full key, the project's defaults among them."""

    path: Path
    values: Mapping[str, Any]

    def group(self, key: str) -> Mapping[str, Any]:
        """A group of settings; empty when it is not there. Raises CommandFailed for another."""
        value = self.values.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise CommandFailed(
                f"{self.path.name}: {key} holds {type(value).__name__}, expected a group of"
                " settings as in Pulumi.prod.yaml"
            )
        found = cast("Mapping[str, Any]", value)
        if set(found) == {_SECRET}:
            raise CommandFailed(
                f"{self.path.name}: {key} is encrypted as a whole, so it cannot be read here:"
                f" encrypt single values, as in `pulumi config set --secret --path '{key}…uri'`"
            )
        return found

    def text(self, key: str) -> str:
        """A plain value, empty when it is not there or encrypted."""
        value = self.values.get(key)
        return "" if value is None or isinstance(value, Mapping) else str(value)


def settings_file(stack: ChosenStack, path: Path | None = None) -> SettingsFile:
    """The settings of the stack, or those in the file `path`. Raises CommandFailed when there is no
    such file.
    """
    project = next(stack.folder / one for one in PROJECT_FILES if (stack.folder / one).is_file())
    defaults = _document(project)
    if path is None:
        path = _own_file(stack, stack.folder / str(defaults.get("stackConfigDir") or "."))
    elif not path.is_file():
        raise CommandFailed(f"--config-file names {path}, and there is no such file", exit_code=2)
    return SettingsFile(path, {**_defaults(defaults), **_mapping(_document(path).get("config"))})


def _own_file(stack: ChosenStack, folder: Path) -> Path:
    """Where `pulumi` looks for the stack's settings. Raises CommandFailed."""
    name = _name(stack)
    candidates = [folder / f"Pulumi.{name}{suffix}" for suffix in (".yaml", ".yml")]
    if stack.is_sandbox:
        candidates.insert(0, sandbox_folder().stack_config)
    found = next((one for one in candidates if one.is_file()), None)
    if found is None:
        raise CommandFailed(
            f"stack {name} has no settings file ({candidates[-2]}): copy Pulumi.prod.yaml to it,"
            " name it with --config-file, or name another stack with --stack"
        )
    return found


def _name(stack: ChosenStack) -> str:
    """Name of the stack without organization and project."""
    if stack.name is not None:
        return stack.name.rpartition("/")[2]
    done = ask_engine([str(stack.executable), "stack", "--show-name"], stack)
    if done.returncode != 0:
        raise CommandFailed("no stack is selected: name one with --stack, or use --sandbox")
    return done.stdout.strip()


def _document(path: Path) -> Mapping[str, Any]:
    try:
        return _mapping(document_of(path.read_text(encoding="utf-8"), path.name))
    except UnicodeDecodeError:
        raise CommandFailed(f"{path.name} cannot be read: it is not in UTF-8; save it so") from None
    except FleetError as error:
        raise CommandFailed(str(error)) from None


def _defaults(project: Mapping[str, Any]) -> dict[str, Any]:
    """What the project gives every stack: `default` of a declared key, `value` or a plain value."""
    found: dict[str, Any] = {}
    for key, declared in _mapping(project.get("config")).items():
        value = _mapping(declared) if isinstance(declared, Mapping) else {"value": declared}
        for name in ("default", "value"):
            if name in value:
                found[key] = value[name]
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}

"""Reads YAML that a person wrote. Whatever is wrong with it is one line that names the place.

Values are quoted in none of them: a settings file may hold a webhook's address.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from fleet.errors import FleetError


def document_of(text: str, name: str) -> Any:
    """What a file of that name holds. Raises FleetError."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or "it is no YAML"
    except RecursionError:
        line, problem = "", "its brackets are nested too deeply"
    except Exception:  # noqa: BLE001  (a value that does not fit its kind: whatever comes)
        line = f", line {_line_of_bad_value(text)}"
        problem = "a value is not what it looks like, such as a date that no calendar has: quote it"
    raise FleetError(f"{name}{line} cannot be read: {problem}; correct it")


def _line_of_bad_value(text: str) -> int:
    loader = yaml.SafeLoader(text)
    for node in _scalars(loader.get_single_node()):
        try:
            loader.construct_object(node)
        except Exception:  # noqa: BLE001  (as above)
            return node.start_mark.line + 1
    return 1


def _scalars(top: Any) -> Iterator[yaml.ScalarNode]:
    """In the order of the file; what an alias repeats once."""
    waiting, seen = [top], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.SequenceNode):
            waiting += reversed(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting += reversed([one for pair in node.value for one in pair])

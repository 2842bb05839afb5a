import re

import pytest

from entra.built_in_roles import (
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_AUTHENTICATION_ADMINISTRATOR,
    ROLES,
    role_id,
    role_name,
)

TEMPLATE_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.mark.parametrize(
    "text",
    [
        "Global Administrator",
        "global administrator",
        "  Global   Administrator ",
        "62e90394-69f5-4237-9190-012177145e10",
        "62E90394-69F5-4237-9190-012177145E10",
    ],
)
def test_a_role_is_found_by_its_name_or_template_id(text: str) -> None:
    assert role_id(text) == GLOBAL_ADMINISTRATOR == "62e90394-69f5-4237-9190-012177145e10"


@pytest.mark.parametrize(
    "text", ["", "Global Admin", "Administrator", "62e90394-69f5-4237-9190-012177145e11"]
)
def test_what_is_no_built_in_role_is_not_found(text: str) -> None:
    assert role_id(text) is None


def test_a_role_is_named_by_its_template_id() -> None:
    assert role_name(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR.upper()) == (
        "Privileged Authentication Administrator"
    )
    assert role_name("62e90394-69f5-4237-9190-012177145e11") is None


def test_every_role_has_a_template_id_of_its_own() -> None:
    assert all(TEMPLATE_ID.fullmatch(template_id) for template_id in ROLES.values())
    assert len(set(ROLES.values())) == len(ROLES)
    assert len({name.casefold() for name in ROLES}) == len(ROLES)

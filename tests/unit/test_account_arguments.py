"""What an account is given by a program of one's own: refused in one line when it would not do."""

from typing import Any

import pulumi
import pytest

from tests.unit.account_program import make


@pytest.mark.parametrize(
    ("args", "told"),
    [
        *(
            ({"password_length": length}, f"password length is {length}: expected 16 to 256 char")
            for length in (-1, 0, 8, 15, 257, 5000)
        ),
        *(
            ({"user_name": name}, f"user name is {name!r}: expected 1 to 64 lower-case letters")
            for name in ("", "Ada", "Ada Lovelace", "ada@contoso.com", "ada.", "a" * 65, "ada\n")
        ),
        *(
            ({"name_prefix": prefix}, f"name prefix is {prefix!r}: expected at most 32 lower-case")
            for prefix in ("Reserve", "re serve", ".re", "re@", "a" * 33)
        ),
    ],
)
def test_what_would_not_do_is_refused_in_one_line_before_anything_is_registered(
    args: dict[str, Any], told: str
) -> None:
    run = make(expect_error=True, **args)
    assert isinstance(run.error, pulumi.RunError)
    line = str(run.error)
    assert line.startswith(f"account: the {told}")
    assert line.endswith("; nothing was changed")
    assert "\n" not in line
    assert run.registrations == []


@pytest.mark.parametrize("length", [16, 256])
def test_the_shortest_and_the_longest_password_will_do(length: int) -> None:
    assert make(password_length=length).one("RandomPassword").inputs["length"] == length


@pytest.mark.parametrize(
    "args",
    [
        {"user_name": "a"},
        {"user_name": "a" * 64},
        {"name_prefix": ""},
        {"name_prefix": "reserve-"},
        {"name_prefix": "a" * 32},
    ],
)
def test_names_at_the_limit_will_do(args: dict[str, Any]) -> None:
    assert len(make(**args).of_type("User")) == 1


@pytest.mark.parametrize(
    "what", ["display_name", "given_name", "surname", "job_title", "department", "company_name"]
)
def test_a_text_that_says_admin_is_warned_about(what: str) -> None:
    telling: dict[str, Any] = {what: "Global Administrator"}
    (line,) = make(**telling).said("warning")
    assert f"the {what.replace('_', ' ')} 'Global Administrator' tells attackers" in line
    silent: dict[str, Any] = {what: "Reserve of Administration"}
    assert make(**silent).said("warning") == []

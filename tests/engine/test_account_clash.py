"""A name that is taken, on the real engine: the printed way out is taken as it stands."""

import re
from pathlib import Path

from sandbox.engine import Engine
from tests.engine.account_program import DOMAIN, account_alone, run_as_printed
from tests.engine.standing import Scene


def lose_the_answer(scene: Scene) -> str:
    """A creation that takes effect and is never answered; the account's object id."""
    before = set(scene.users())
    scene.fault(method="POST", path=r"/users$", drop=True, when="after", times=1)
    failed = scene.stack.up("--skip-preview", check=False)
    assert failed.returncode != 0, failed.output
    scene.server.world.faults.clear()
    (made,) = set(scene.users()) - before
    return made


def printed_command(output: str) -> str:
    found = re.search(r"pulumi import .*", output)
    assert found, output
    return found.group()


def test_what_a_lost_answer_left_behind_is_taken_in_by_the_printed_command(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with account_alone(tmp_path, protect=True) as scene:
        made = lose_the_answer(scene)
        users = scene.users()
        scene.forget()

        stopped = scene.stack.up("--skip-preview", check=False)
        assert stopped.returncode != 0
        assert f"is in the tenant already (object id {made})" in stopped.output
        assert scene.writes() == []

        taken = run_as_printed(scene.stack, printed_command(stopped.output))
        assert taken.returncode == 0, taken.output
        assert scene.writes() == []

        scene.stack.up("--skip-preview")
        assert scene.users() == users
        assert scene.stack.outputs()["account"]["objectId"] == made
        assert made in scene.global_administrators()
        scene.stack.preview("--expect-no-changes")


def test_a_chosen_name_that_somebody_else_has_can_be_adopted_or_changed(
    engine: Engine, tmp_path: Path
) -> None:
    del engine
    with account_alone(tmp_path, account={"user_name": "ada"}, adopted=2) as scene:
        ada = next(id for id, name in scene.users().items() if name == f"ada@{DOMAIN}")
        stopped = scene.stack.preview(check=False)
        assert stopped.returncode != 0
        line = next(row for row in stopped.output.splitlines() if "in the tenant already" in row)
        assert "choose another user name for account" in line
        assert f'pulumi config set --path "break-glass:accounts.adopt[2]" {ada}' in line
        assert scene.writes() == []

"""Accounts that are gone, on the real engine, and `breakglass account restore`."""

import subprocess
import sys

from sandbox.tenant.directory.deleted_items import purge
from sandbox.tenant.directory.users import delete_user
from tests.engine.account_tenant import (
    ACCOUNTS,
    assert_quiet,
    complete,
    no_secret_in,
    settings,
    standing,
)
from tests.engine.standing import Scene
from tests.support.tenant import object_id

EVE = object_id("users/eve")


def restore(scene: Scene, name: str) -> "subprocess.CompletedProcess[str]":
    """The command as a user runs it in the project's folder, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "account", "restore", name, "--stack", scene.stack.name],
        cwd=scene.stack.program,
        env=scene.stack.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )


def delete(scene: Scene, account: str) -> None:
    """Somebody deletes it in a portal."""
    delete_user(scene.tenant.directory, account, None)


def stopped(scene: Scene, *words: str) -> str:
    """A plain `up` stops with these words and writes nothing."""
    scene.forget()
    run = scene.stack.up(check=False)
    assert run.returncode != 0
    for word in words:
        assert word in run.output, run.output
    assert scene.writes() == []
    return run.output


def test_a_deleted_account_is_restored_by_the_command_that_up_names(scene: Scene) -> None:
    name, account = next(iter(scene.accounts().items()))
    passwords = scene.stack.outputs(show_secrets=True)["passwords"]
    delete(scene, account)
    output = stopped(scene, f"({account}) was deleted", "nothing was changed")
    assert f"breakglass account restore {account} (or Entra" in output

    scene.forget()
    done = restore(scene, account)

    assert (done.returncode, done.stderr) == (0, "")
    assert scene.writes() == [f"POST /v1.0/directory/deletedItems/{account}/restore"]
    assert f"account-1 ({name}), object id {account}: restored." in done.stdout
    assert "Now run `pulumi up --stack test`" in done.stdout
    no_secret_in(scene, done.stdout)
    scene.forget()
    scene.stack.up("--skip-preview", "--expect-no-changes")
    assert scene.writes() == []
    assert standing(scene, account) == complete(name)
    assert scene.tenant.directory.verify_password(account, passwords[name])
    assert_quiet(scene)


def test_after_runs_that_dropped_it_from_the_state_it_is_restored_and_taken_in_again(
    scene: Scene,
) -> None:
    (name, account), *_ = scene.accounts().items()
    users = scene.users()
    delete(scene, account)
    for _ in range(2):
        scene.stack.up("--skip-preview", check=False)

    assert restore(scene, "account-1").returncode == 0
    scene.stack.up("--skip-preview")

    assert scene.users() == users
    assert standing(scene, account) == complete(name)
    assert_quiet(scene)


def test_both_accounts_are_restored_and_get_back_what_they_lost_meanwhile(scene: Scene) -> None:
    accounts = scene.accounts()
    for account in accounts.values():
        delete(scene, account)
    stopped(scene, "was deleted")
    policy = scene.policies()["Require MFA for all users"]
    change = {"conditions": {"users": {"excludeUsers": list[str]()}}}
    scene.tenant.conditional_access.update_policy(policy["id"], change)
    for number in (1, 2):
        assert restore(scene, f"account-{number}").returncode == 0
    scene.stack.up("--skip-preview")
    for name, account in accounts.items():
        assert standing(scene, account) == complete(name)
    assert_quiet(scene)


def test_an_adopted_account_is_restored_too(scene: Scene) -> None:
    settings(scene, adopt=["eve@fabrikam.onmicrosoft.com"])
    scene.stack.up("--skip-preview")
    eve = scene.tenant.directory.user(EVE)
    before = dict(eve)
    delete(scene, EVE)
    stopped(scene, f"breakglass account restore {EVE} (or Entra", "nothing was changed")

    done = restore(scene, "eve@fabrikam.onmicrosoft.com")

    assert done.returncode == 0, done.stderr
    scene.stack.up("--skip-preview")
    assert standing(scene, EVE) == complete("eve@fabrikam.onmicrosoft.com")
    after = dict(scene.tenant.directory.user(EVE))
    after.pop("deletedDateTime", None)
    before.pop("deletedDateTime", None)
    assert after == before
    assert_quiet(scene)


def test_where_replicas_lag_the_command_waits_until_the_account_shows(scene: Scene) -> None:
    (name, account), *_ = scene.accounts().items()
    delete(scene, account)
    scene.server.world.advance(60)
    scene.tenant.behaviour.turn({"readLagSeconds": 3})
    scene.forget()

    done = restore(scene, "account-1")

    assert done.returncode == 0, done.stderr
    looks = [
        entry["status"]
        for entry in scene.server.world.requests.entries()
        if entry["path"].startswith(f"/v1.0/users/{account}")
    ]
    assert looks[-2:] == [200, 200]
    assert 404 in looks[1:], "no replica lagged: nothing was tested"
    scene.server.world.advance(60)
    scene.tenant.behaviour.turn({"readLagSeconds": 0})
    scene.stack.up("--skip-preview", "--expect-no-changes")
    assert standing(scene, account) == complete(name)


def test_an_application_without_the_role_is_told_which_one_restores(scene: Scene) -> None:
    _, account = next(iter(scene.accounts().items()))
    delete(scene, account)
    document = scene.tenant.to_document()
    application = document["apps"][0]["objectId"]
    document["roleAssignments"] = [
        one for one in document["roleAssignments"] if one["principalId"] != application
    ]
    scene.server.world.replace(document)
    scene.forget()

    done = restore(scene, "account-1")

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "Privileged Authentication Administrator or Global Administrator" in line
    assert account not in scene.users()


def test_an_account_that_is_there_needs_no_restoring_and_an_unknown_one_is_told(
    scene: Scene,
) -> None:
    scene.forget()
    done = restore(scene, "account-2")
    assert done.returncode == 0
    assert "was not deleted" in done.stdout
    assert scene.writes() == []

    done = restore(scene, "account-9")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "no account 'account-9'" in line
    for name in scene.accounts():
        assert name in line


def test_an_account_gone_for_good_ends_in_the_command_that_makes_a_new_one(scene: Scene) -> None:
    (name, account), (_, other) = scene.accounts().items()
    delete(scene, account)
    purge(scene.tenant.directory, account)
    output = stopped(scene, "is nowhere in the tenant")
    command = f'pulumi config set --path "break-glass:accounts.recreate[0]" {account}'
    assert command in output
    done = restore(scene, "account-1")
    assert done.returncode == 1
    assert command in done.stderr

    words = command.replace('"', "").split()[1:]
    file = ("--config-file", str(scene.stack.config_file), "--stack", scene.stack.name)
    scene.stack.run(*words, *file)
    scene.stack.up("--skip-preview")

    accounts = scene.accounts()
    assert accounts.keys() >= {name}
    assert other in accounts.values()
    assert account not in accounts.values()
    assert standing(scene, accounts[name]) == complete(name)
    assert all(account not in users for _, users in scene.excluded().values())
    scene.stack.set_config({ACCOUNTS: None})
    assert_quiet(scene)


def test_an_account_that_a_replica_hides_is_neither_restored_nor_made_anew(scene: Scene) -> None:
    _, account = next(iter(scene.accounts().items()))
    users = scene.users()
    scene.fault(method="GET", path=rf"/v1\.0/users/{account}", status=404, times=100)
    stopped(scene, account)
    done = restore(scene, "account-1")
    assert done.returncode == 1
    assert "neither among the users nor among the deleted ones" in done.stderr
    scene.server.world.faults.clear()
    scene.stack.up("--skip-preview")
    assert scene.users() == users
    assert scene.writes() == []
    assert_quiet(scene)

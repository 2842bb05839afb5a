"""An account that was begun and never made may be taken back: it holds up nothing else."""

from tests.engine.standing import Scene


def test_an_account_whose_creation_was_refused_can_be_taken_out_of_the_settings(
    scene: Scene,
) -> None:
    accounts = scene.accounts()
    scene.stack.set_config({"break-glass:accounts": {"count": 3}})
    scene.fault(method="POST", path=r"/users$", status=403, times=5)
    assert scene.stack.up("--skip-preview", check=False).returncode != 0
    scene.server.world.faults.clear()
    assert "account-3-name" in " ".join(one["urn"] for one in scene.stack.resources())
    scene.forget()

    scene.stack.set_config({"break-glass:accounts": {"count": 2}})
    scene.stack.up()

    assert scene.writes() == []
    assert scene.accounts() == accounts
    assert not any("account-3" in one["urn"] for one in scene.stack.resources())
    scene.stack.preview("--expect-no-changes")


def test_the_same_settings_go_on_where_the_refused_creation_stopped(scene: Scene) -> None:
    users = scene.users()
    scene.stack.set_config({"break-glass:accounts": {"count": 3}})
    scene.fault(method="POST", path=r"/users$", status=403, times=5)
    scene.stack.up("--skip-preview", check=False)
    scene.server.world.faults.clear()

    scene.stack.up()

    assert len(scene.users()) == len(users) + 1
    assert set(scene.accounts().values()) <= scene.global_administrators()
    scene.stack.up("--expect-no-changes")
    third = {one["urn"].rpartition("::")[2]: one for one in scene.stack.resources()}
    assert all(third[name].get("protect") for name in ("account-3", "account-3-user"))

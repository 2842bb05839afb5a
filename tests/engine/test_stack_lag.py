"""The stack's life in a tenant whose replicas lag behind its writes."""

from pathlib import Path

from sandbox.api.server import TenantServer
from tests.engine.standing import Scene, settings_of
from tests.support.pulumi_stack import PulumiStack
from tests.support.tenant import AT_ONCE, small_document

CONDITIONAL_ACCESS = "/identity/conditionalAccess/policies"
POLICIES = 4


def _requests(scene: Scene) -> tuple[int, int]:
    """How many requests named policies, and how many of all were answered 404, since `forget`."""
    entries = scene.server.world.requests.entries()
    policies = [entry for entry in entries if CONDITIONAL_ACCESS in entry["path"]]
    return len(policies), sum(entry["status"] == 404 for entry in entries)


def test_up_preview_and_destroy_where_reads_lag_behind_writes(tmp_path: Path) -> None:
    document = small_document()
    knobs = {**AT_ONCE, "readLagSeconds": 1}
    with TenantServer([document], knobs=knobs) as server:
        (tmp_path / "stack").mkdir()
        environment = {**server.environment(), "BREAK_GLASS_CA_INTERVAL_SECONDS": "0.5"}
        stack = PulumiStack(tmp_path / "stack", environment, settings_of(document))
        scene = Scene(server, stack, document["tenant"]["id"])
        before = scene.excluded()

        stack.up("--skip-preview")
        policies, not_found = _requests(scene)
        assert not_found > 10, "no replica lagged: nothing was tested"
        assert policies <= 2 * POLICIES + 8
        group = stack.outputs()["groupId"]
        accounts = set(scene.accounts().values())
        assert len(accounts & scene.global_administrators()) == 2
        for groups, users in scene.excluded().values():
            assert group in groups
            assert accounts <= set(users)

        server.world.advance(5)
        stack.preview("--expect-no-changes")

        stack.set_config({"break-glass:protect": False})
        stack.up("--skip-preview")
        stack.destroy("--skip-preview")
        assert stack.resources() == []
        assert scene.excluded() == before
        assert not accounts & set(scene.users())
        assert not accounts & scene.global_administrators()

"""A stub named `pulumi` for `ci preview`: makes stacks, else does a fleet's plan.

What an operation's program holds, in a file `program`, is noted beside it in `programs`.
"""

import sys
from pathlib import Path

from tests.fleet.stub import StubProject, stub_project

SOURCE = """\
import json, os, sys, urllib.parse
from pathlib import Path

name = sys.argv[3] if sys.argv[1:3] == ["stack", "init"] else None
if name is None:
    main = Path("Pulumi.yaml").read_text().partition("main: ")[2].partition("\\n")[0]
    done = [one for one in sys.argv[1:] if one in ("up", "preview")]
    if done and Path(main, "program").exists():
        with Path({beside!r}).with_name("programs").open("a") as notes:
            notes.write(f"{{done[0]}}: {{Path(main, 'program').read_text()}}")
    os.execv({beside!r}, [{beside!r}, *sys.argv[1:]])
Path(f"Pulumi.{{name}}.yaml").write_text("encryptionsalt: v1:salt\\n")
address = os.environ["PULUMI_BACKEND_URL"].removeprefix("file://").partition("?")[0]
stacks = Path(urllib.parse.unquote(address), ".pulumi", "stacks", "break-glass")
stacks.mkdir(parents=True)
stack = {{"checkpoint": {{"stack": f"organization/break-glass/{{name}}"}}}}
(stacks / f"{{name}}.json").write_text(json.dumps(stack))
"""


def engine_project(folder: Path, *customers: str) -> tuple[StubProject, Path]:
    """A project with these customers, and the stub."""
    project = stub_project(folder, *customers)
    stub = folder / "pulumi"
    source = SOURCE.format(beside=str(project.pulumi))
    stub.write_text(f"#!{sys.executable} -IS\n{source}", encoding="utf-8")
    stub.chmod(0o755)
    return project, stub

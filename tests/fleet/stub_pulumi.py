"""A stub named `pulumi` for tests of the fleet: does what a plan says, and notes how it was called.

The plan is JSON, `{customer: {operation: step}}`; a step may hold
    changes   the counts of the summary
    errors    error diagnostics; it then ends with 1
    events    further engine events
    stderr    what it writes there
    exit      its exit code
    wait      true: it tells its first event and stays until somebody interrupts it
    deaf      true, with wait: it does not heed an interrupt
    late      true, with wait: it heeds nothing and tells nothing before there is a file `go`
    killed    true: it tells its first event and dies of a signal; "silently": without an event
    orphaned  true: it kills the process that called it, and ends; with wait it stays, once that
              process has noted that a lock is held
A step `preview-again` is for the second and further previews of a customer.
Operations: preview, up, refresh, destroy, and preview-refresh and preview-destroy for their
previews; `export` holds what `stack export` prints, or a step with `stderr` and `exit`. What `stack
ls` prints stands under `stacks`, beside the customers: resources by name; null: it fails.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def main() -> int:
    arguments = sys.argv[1:]
    customer = arguments[arguments.index("--stack") + 1] if "--stack" in arguments else ""
    words = [one for one in arguments if not one.startswith("-")]
    operation = "export" if words[:2] == ["stack", "export"] else words[0]
    operation = "ls" if words[:2] == ["stack", "ls"] else operation
    if operation in ("refresh", "destroy") and "--preview-only" in arguments:
        operation = f"preview-{operation}"
    with (HERE / "calls.jsonl").open("a") as calls:
        call: dict[str, Any] = {
            "customer": customer,
            "operation": operation,
            "arguments": arguments,
        }
        call["heeded"] = (HERE / "heeded").exists()
        calls.write(json.dumps({**call, "environment": dict(os.environ)}) + "\n")
    if operation == "version":
        print("v3.200.0")
        return 0
    plan = json.loads((HERE / "plan.json").read_text())
    if operation == "ls":
        stacks: dict[str, int] | None = plan.get("stacks", {})
        if stacks is None:
            return 1
        print(json.dumps([{"name": one, "resourceCount": n} for one, n in stacks.items()]))
        return 0
    steps = plan.get(customer, {})
    previewed = HERE / f"previewed-{customer}"
    again = operation == "preview" and previewed.exists() and "preview-again" in steps
    step = steps.get("preview-again" if again else operation, {})
    if operation == "preview":
        previewed.touch()
    if operation == "export" and "exit" not in step:
        print(json.dumps(step or {"version": 3, "deployment": {"resources": []}}))
        return 0
    return act(arguments, step)


def act(arguments: list[str], step: dict[str, Any]) -> int:
    log = (
        Path(arguments[arguments.index("--event-log") + 1]) if "--event-log" in arguments else None
    )

    def tell(event: dict[str, Any]) -> None:
        if log:
            with log.open("a") as stream:
                stream.write(json.dumps({"sequence": 1, "timestamp": 1, **event}) + "\n")

    if step.get("late"):
        (HERE / "waiting").touch()
        while not (HERE / "go").exists():
            time.sleep(0.02)
    interrupted: list[int] = []
    deaf = step.get("deaf")

    def note(number: int, frame: object) -> None:
        interrupted.append(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN if deaf else note)
    if step.get("killed") == "silently":
        os.kill(os.getpid(), signal.SIGKILL)
    tell({"preludeEvent": {"config": {}}})
    if step.get("killed"):
        tell({"cancelEvent": {}})  # else the API waits five seconds for it
        time.sleep(0.3)  # the API reads the event log every tenth of a second
        os.kill(os.getpid(), signal.SIGKILL)
    if step.get("orphaned"):
        notes = Path.cwd().glob("run/*.lock")
        while step.get("wait") and not any("held" in one.read_text() for one in notes):
            time.sleep(0.02)
            notes = Path.cwd().glob("run/*.lock")
        os.kill(os.getppid(), signal.SIGKILL)
        if not step.get("wait"):
            return 0
    if step.get("wait"):
        (HERE / "waiting").touch()
        while not interrupted and (step.get("late") or not (HERE / "go").exists()):
            time.sleep(0.02)
        (HERE / "heeded").touch()
        tell({"cancelEvent": {}})
        print("error: update canceled", file=sys.stderr)
        return 255
    print(f"doing {' '.join(arguments[:2])}")
    for event in step.get("events", []):
        tell(event)
    for message in step.get("errors", []):
        tell({"diagnosticEvent": {"message": message, "color": "never", "severity": "error"}})
        print(f"error: {message}", file=sys.stderr)
    if "changes" in step:
        tell(
            {
                "summaryEvent": {
                    "maybeCorrupt": False,
                    "durationSeconds": 1,
                    "resourceChanges": step["changes"],
                    "policyPacks": {},
                }
            }
        )
    if "stderr" in step:
        print(step["stderr"], file=sys.stderr)
    tell({"cancelEvent": {}})
    return step.get("exit", 1 if step.get("errors") else 0)


sys.exit(main())

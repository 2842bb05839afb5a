"""Stands in for `fleet.work` in tests of the cluster: notes when it begins and ends, and waits.

It waits for a file `go` in the folder that STAND_IN names; interrupted before, it takes until
`may-end` is there to come to its end, as an engine does that saves its state.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil

HERE = Path(os.environ["STAND_IN"])


def note(customer: str, event: str) -> None:
    environment = {"secret": os.environ.get("ARM_CLIENT_SECRET"), "worker": os.environ["WORKER"]}
    line = json.dumps({"customer": customer, "event": event, **environment})
    with (HERE / "journal.jsonl").open("a") as journal:
        journal.write(f"{line}\n")


def main() -> int:
    customer, operation, report = sys.argv[1:4]
    held = Path(sys.argv[sys.argv.index("--held") + 1])
    interrupted: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: interrupted.append(number))
    # What it was given, and what the process was given that started it.
    keeper = psutil.Process(os.getppid()).environ()
    given = {"own": dict(os.environ), "keeper": keeper}
    (HERE / f"{customer}.environ.json").write_text(json.dumps(given))
    note(customer, "begin")
    held.write_text("held\n")
    while not interrupted and not (HERE / "go").exists():
        time.sleep(0.02)
    while interrupted and not (HERE / "may-end").exists():
        time.sleep(0.02)
    held.unlink()
    outcome = "cancelled" if interrupted else "done"
    note(customer, f"end, {outcome}")
    told = {"customer": customer, "operation": operation, "outcome": outcome}
    ids = {"tenantId": "t", "subscriptionId": "s"}
    Path(report).write_text(json.dumps({**told, **ids}))
    return 0


sys.exit(main())

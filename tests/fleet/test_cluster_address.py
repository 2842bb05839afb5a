"""Which addresses of a cluster are taken: clear text never leaves this machine."""

import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask.config
import pytest

from fleet import cluster
from fleet.cluster import Cluster
from fleet.cluster_address import Tls, endpoint, is_private, security
from fleet.cluster_worker import do_on_worker
from fleet.errors import FleetError
from fleet.job import Job
from tests.fleet.cluster_machines import certificates

FAR = "tls://scheduler.internal:8786"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (FAR, FAR),
        ("tls://[2001:db8::1]:8786/", "tls://[2001:db8::1]:8786"),
        ("tcp://127.0.0.9:8786", "tcp://127.0.0.9:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ("tcp://localhost:8786", "tcp://127.0.0.1:8786"),
    ],
)
def test_mutual_tls_goes_anywhere_and_clear_text_to_this_machine(given: str, used: str) -> None:
    assert endpoint(given) == used
    assert is_private(used)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("tcp://192.0.2.7:8786", "in clear, and 192.0.2.7 is not this machine: expected tls://"),
        ("tcp://0.0.0.0:8786", "0.0.0.0 is not this machine"),
        ("ws://127.0.0.1:8786", "is no address of a scheduler: expected tls://host:port"),
        ("127.0.0.1:8786", "is no address"),
        ("tls://scheduler.internal", "is no address"),
        ("tls://me:hidden-1@scheduler.internal:1", "is no address"),
    ],
)
def test_everything_else_is_refused_in_one_line(given: str, told: str) -> None:
    with pytest.raises(FleetError) as refused:
        endpoint(given)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "hidden-1" not in str(refused.value)
    assert not is_private(given)


def test_a_name_that_leads_elsewhere_too_is_not_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(host: str, port: None) -> list[Any]:
        return [(0, 0, 0, "", (address, 0)) for address in ("127.0.0.1", "192.0.2.7")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(FleetError, match=r"half\.example is not this machine"):
        endpoint("tcp://half.example:1")


def test_each_part_of_mutual_tls_that_is_missing_is_named(tmp_path: Path) -> None:
    tls = certificates(tmp_path)
    with pytest.raises(FleetError, match=r"no --cluster-ca .* and no --cluster-cert .* and no"):
        security(FAR, Tls())
    with pytest.raises(FleetError, match=r"there is no --cluster-key \(distributed.comm"):
        security(FAR, Tls(tls.authority, tls.certificate))


def test_what_is_not_given_comes_from_dasks_own_settings(tmp_path: Path) -> None:
    tls = certificates(tmp_path)
    tree = "distributed.comm.tls"
    client = {f"{tree}.client.key": str(tls.key), f"{tree}.client.cert": "nowhere"}
    with dask.config.set({f"{tree}.ca-file": str(tls.authority), **client}):
        made = security(FAR, Tls(certificate=tls.certificate))
    assert made.require_encryption
    assert (made.tls_ca_file, made.tls_client_cert) == (str(tls.authority), str(tls.certificate))


@pytest.mark.parametrize("other", [True, False])
def test_files_that_do_not_fit_are_told_in_one_line(tmp_path: Path, other: bool) -> None:
    tls = certificates(tmp_path)
    key = certificates(tmp_path, "other").key if other else tmp_path / "none.pem"
    with pytest.raises(FleetError, match=r"cannot be used: .*--cluster-key .*pem\)") as refused:
        security(FAR, Tls(tls.authority, tls.certificate, key))
    assert "\n" not in str(refused.value)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(FleetError, match=r"pip install -e '\.\[cluster\]'"):
        Cluster("tcp://127.0.0.1:1", Tls())


@pytest.mark.parametrize(
    ("workers", "told"),
    [
        ([], "has no worker: start one in a checkout"),
        (["tls://192.0.2.8:1", "tcp://192.0.2.7:1"], r"in clear \(tcp://192.0.2.7:1\)"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_left_again(
    monkeypatch: pytest.MonkeyPatch, workers: list[str], told: str
) -> None:
    closed: list[bool] = []

    def info(n_workers: int) -> dict[str, Any]:
        return {"workers": dict.fromkeys(workers)}

    def client(address: str, **_: Any) -> Any:
        return SimpleNamespace(scheduler_info=info, close=lambda: closed.append(True))

    monkeypatch.setattr("distributed.Client", client)
    with pytest.raises(FleetError, match=told):
        cluster.Cluster("tcp://127.0.0.1:1", Tls())
    assert closed == [True]


def test_a_worker_that_is_spoken_to_in_clear_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def worker() -> Any:
        scheduler = SimpleNamespace(address="tls://192.0.2.1:1")
        return SimpleNamespace(
            address="tcp://192.0.2.7:1", scheduler=scheduler, get_current_task=lambda: "run/up/a"
        )

    monkeypatch.setattr("distributed.get_worker", worker)
    report = do_on_worker(Job("north", "up", "c0ffee"))
    assert report.outcome == "failed"
    assert "spoken to in clear (tcp://192.0.2.7:1)" in report.problems[0].what

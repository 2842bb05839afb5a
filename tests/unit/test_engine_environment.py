"""The sandbox's environment and its plugins: nothing leads to a real tenant, and none to us."""

import os
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from sandbox.engine import Engine, ensure_plugins, install_stand_ins, plugins, sandbox_environment
from sandbox.engine.environment import backend_url
from sandbox.engine.plugins import PLUGIN_NAMES, installed_kind, plugin_folder, plugin_version

TENANT = {"ARM_TENANT_ID": "simulated", "SSL_CERT_FILE": "ca.pem"}


def engine(tmp_path: Path, **changes: bool) -> Engine:
    folder = tmp_path / "engine"
    return Engine("3.258.0", "build", folder / "pulumi", "stand-in", (folder,), **changes)


# The environment


def test_nothing_of_a_real_tenant_or_of_the_users_pulumi_gets_through(tmp_path: Path) -> None:
    base = {
        "PATH": "/usr/bin",
        "HOME": "/home/somebody",
        "ARM_CLIENT_SECRET": "real",
        "ARM_USE_OIDC": "true",
        "AZURE_TENANT_ID": "real",
        "azure_config_dir": "real",
        "PULUMI_ACCESS_TOKEN": "real",
        "PULUMI_CONFIG_PASSPHRASE": "real",
    }
    variables = sandbox_environment(engine(tmp_path), tmp_path / "sandbox", TENANT, base)
    assert "real" not in variables.values()
    assert variables["HOME"] == "/home/somebody"
    assert {key: variables[key] for key in TENANT} == TENANT


def test_a_proxy_stays_out_of_what_is_on_this_machine(tmp_path: Path) -> None:
    """Behind a company's proxy neither the tenant nor Pulumi's own parts were reached."""
    base = {"HTTPS_PROXY": "http://proxy:8080", "no_proxy": "intranet, localhost"}
    variables = sandbox_environment(engine(tmp_path), tmp_path / "sandbox", TENANT, base)
    for key in ("NO_PROXY", "no_proxy"):
        assert variables[key] == "intranet,localhost,127.0.0.1,::1"
    assert variables["HTTPS_PROXY"] == "http://proxy:8080"


def test_state_home_and_passphrase_lie_in_the_work_folder(tmp_path: Path) -> None:
    folder = tmp_path / "sand box"
    variables = sandbox_environment(engine(tmp_path), folder, TENANT, {})
    assert variables["PULUMI_HOME"] == str(folder / "pulumi")
    assert variables["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/sand%20box/state?metadata=skip"
    assert variables["BREAK_GLASS_CACHE"] == str(folder / "cache")
    assert (folder / "state").is_dir()
    passphrase = Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert passphrase.parent == folder
    assert passphrase.stat().st_mode & 0o777 == 0o600
    assert len(passphrase.read_text()) >= 32


def test_the_passphrase_is_made_once(tmp_path: Path) -> None:
    runs = [sandbox_environment(engine(tmp_path), tmp_path / "s", TENANT, {}) for _ in range(2)]
    assert runs[0] == runs[1]
    passphrase = Path(runs[0]["PULUMI_CONFIG_PASSPHRASE_FILE"])
    before = passphrase.read_text()
    sandbox_environment(engine(tmp_path), tmp_path / "s", TENANT, {})
    assert passphrase.read_text() == before
    assert before not in runs[0].values()


def test_the_engine_goes_first_on_path_whatever_the_variable_is_called(tmp_path: Path) -> None:
    first = str(tmp_path / "engine")
    for key in ("PATH", "Path"):
        variables = sandbox_environment(engine(tmp_path), tmp_path / "s", TENANT, {key: "/usr/bin"})
        assert variables[key] == f"{first}{os.pathsep}/usr/bin"
        assert [name.upper() for name in variables].count("PATH") == 1


def test_plugins_on_path_are_ignored_unless_the_language_host_is_there(tmp_path: Path) -> None:
    variable = "PULUMI_IGNORE_AMBIENT_PLUGINS"
    beside = sandbox_environment(engine(tmp_path), tmp_path / "s", TENANT, {})
    apart = sandbox_environment(engine(tmp_path, hosts_beside=False), tmp_path / "s", TENANT, {})
    assert beside[variable] == "true"
    assert variable not in apart


def test_the_engine_downloads_no_plugin_in_place_of_a_stand_in(tmp_path: Path) -> None:
    variable = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    before = sandbox_environment(engine(tmp_path), tmp_path / "s", TENANT, {})
    install_stand_ins(tmp_path / "s" / "pulumi")
    after = sandbox_environment(engine(tmp_path), tmp_path / "s", TENANT, {})
    assert variable not in before
    assert after[variable] == "true"


def test_a_backend_address_is_one_that_pulumi_reads() -> None:
    assert backend_url(PurePosixPath("/a b/100%/state")) == (
        "file:///a%20b/100%25/state?metadata=skip"
    )
    assert backend_url(PureWindowsPath("C:\\a b\\state")) == "file://C:/a%20b/state?metadata=skip"


# The plugins


def fake_pulumi(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


def reach(monkeypatch: pytest.MonkeyPatch, *, internet: bool) -> None:
    monkeypatch.setattr(plugins, "internet_available", lambda: internet)


@pytest.mark.usefixtures("linux")
def test_without_internet_all_plugins_are_stand_ins_and_said_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(monkeypatch, internet=False)
    said: list[str] = []
    kinds = ensure_plugins(engine(tmp_path), tmp_path / "home", said.append)
    assert kinds == dict.fromkeys(PLUGIN_NAMES, "stand-in")
    assert said == [
        "Plugins: stand-ins for random, azuread, azure-native "
        "(the real ones cannot be downloaded here)"
    ]
    for name in PLUGIN_NAMES:
        launcher = plugin_folder(tmp_path / "home", name) / f"pulumi-resource-{name}"
        assert launcher.stat().st_mode & 0o111
        assert f'"{sys.executable}" -P -u -m sandbox.plugins {name} "$@"' in launcher.read_text()


def test_a_plugins_folder_carries_the_version_of_its_sdk(tmp_path: Path) -> None:
    folder = plugin_folder(tmp_path, "azuread")
    assert folder == tmp_path / "plugins" / f"resource-azuread-v{plugin_version('azuread')}"


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_get_stand_ins_even_with_internet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    reach(monkeypatch, internet=True)
    said: list[str] = []
    kinds = ensure_plugins(engine(tmp_path), tmp_path / "home", said.append)
    assert set(kinds.values()) == {"stand-in"}
    assert "would not trust a local tenant" in said[0]


@pytest.mark.usefixtures("linux")
def test_real_plugins_are_installed_once_where_they_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(monkeypatch, internet=True)
    tool = engine(tmp_path)
    fake_pulumi(
        tool.executable,
        f'echo "$*" >> {tmp_path}/calls\nfolder="$PULUMI_HOME/plugins/resource-$4-v$5"\n'
        'mkdir -p "$folder"\nprintf "\\177ELF" > "$folder/pulumi-resource-$4"',
    )
    home = tmp_path / "home"
    install_stand_ins(home)
    said: list[str] = []
    for _ in range(2):
        assert set(ensure_plugins(tool, home, said.append).values()) == {"real"}
    calls = (tmp_path / "calls").read_text().splitlines()
    version = plugin_version("random")
    assert len(calls) == len(PLUGIN_NAMES)
    assert calls[0].startswith(f"plugin install resource random {version}")
    assert said[-1] == "Plugins: the real ones (random, azuread, azure-native)"


@pytest.mark.usefixtures("linux")
def test_a_plugin_that_cannot_be_installed_is_stood_in_for_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(monkeypatch, internet=True)
    tool = engine(tmp_path)
    fake_pulumi(tool.executable, "echo 'error: 403 Forbidden' >&2; exit 1")
    said: list[str] = []
    kinds = ensure_plugins(tool, tmp_path / "home", said.append)
    assert set(kinds.values()) == {"stand-in"}
    assert "random" in said[0]
    assert "403 Forbidden" in said[0]


def test_a_half_installed_plugin_counts_for_none(tmp_path: Path) -> None:
    install_stand_ins(tmp_path)
    folder = plugin_folder(tmp_path, "random")
    folder.with_name(f"{folder.name}.partial").touch()
    assert installed_kind(tmp_path, "random") is None
    assert installed_kind(tmp_path, "azuread") == "stand-in"


def test_a_launcher_is_rewritten_when_the_environment_has_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_stand_ins(tmp_path)
    launcher = plugin_folder(tmp_path, "random") / "pulumi-resource-random"
    before = launcher.stat()
    install_stand_ins(tmp_path)
    assert launcher.stat().st_mtime_ns == before.st_mtime_ns
    monkeypatch.setattr(sys, "executable", "/moved/.venv/bin/python")
    install_stand_ins(tmp_path)
    assert '"/moved/.venv/bin/python"' in launcher.read_text()

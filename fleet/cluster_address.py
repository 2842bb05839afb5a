# pyright: basic
# `distributed` has no types for what it takes and gives, and may not be installed at all.
"""Which cluster is asked, and that nobody listens in between: mutual TLS, or this machine alone.

Both ends show a certificate of one authority that is the cluster's own: whoever holds one may run
code on every worker, and a worker holds the customers' credentials. Host names are not compared
with certificates, so an authority that signs for others, too, must not be used.

Source: Dask.distributed documentation, "TLS/SSL". Errors are ``FleetError``.
"""

import re
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from fleet.errors import FleetError

INSTALL: Final = (
    "--cluster needs Dask's `distributed`: `pip install -e '.[cluster]'` in the checkout installs"
    " it, here as on the workers"
)
_ADDRESS: Final = re.compile(
    r"(?P<scheme>tls|tcp)://(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9_.-]+)):(?P<port>\d{1,5})/?"
)


@dataclass(frozen=True)
class Tls:
    """Files, PEM. What is None comes from Dask's own settings (`distributed.comm.tls`)."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def endpoint(address: str) -> str:
    """The scheduler's address as it is connected to.

    Raises FleetError for what is no address, and for one that would be spoken to in clear.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        shown = re.sub(r"//.*@", "//…@", address)
        raise FleetError(
            f"--cluster {shown!r} is no address of a scheduler: expected tls://host:port, such as"
            " tls://scheduler.internal:8786",
            exit_code=2,
        )
    host, port = found["six"] or found["host"], found["port"]
    if found["scheme"] == "tls":
        return f"tls://{_bracketed(host)}:{port}"
    try:
        resolved = {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise FleetError(f"--cluster {address}: {host} has no address: {error.strerror}") from None
    if not all(_is_loopback(one) for one in resolved):
        raise FleetError(
            f"--cluster {address} would be spoken to in clear, and {host} is not this machine:"
            " expected tls://host:port with --cluster-ca, --cluster-cert and --cluster-key",
            exit_code=2,
        )
    # Connected to as it was resolved: a name may resolve to something else the next time.
    chosen = min(resolved, key=lambda one: (ip_address(one).version, one))
    return f"tcp://{_bracketed(chosen)}:{port}"


def is_private(address: str) -> bool:
    """Whether nobody can listen on the way to this address of a scheduler or worker."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return False
    return found["scheme"] == "tls" or _is_loopback(found["six"] or found["host"])


def security(address: str, tls: Tls) -> Any:
    """What a `distributed.Client` connects with. Raises FleetError when a part is not there."""
    try:
        from distributed import Security
    except ImportError:
        raise FleetError(INSTALL, exit_code=2) from None
    given = {
        "tls_ca_file": tls.authority,
        "tls_client_cert": tls.certificate,
        "tls_client_key": tls.key,
    }
    if not address.startswith("tls://"):
        return Security(require_encryption=False)
    made = Security(
        require_encryption=True, **{name: str(path) for name, path in given.items() if path}
    )
    settings = {
        "--cluster-ca (distributed.comm.tls.ca-file)": made.tls_ca_file,
        "--cluster-cert (distributed.comm.tls.client.cert)": made.tls_client_cert,
        "--cluster-key (distributed.comm.tls.client.key)": made.tls_client_key,
    }
    if missing := [name for name, value in settings.items() if not value]:
        raise FleetError(
            f"--cluster {address} wants mutual TLS, and there is no {' and no '.join(missing)}:"
            " name the file, in PEM form",
            exit_code=2,
        )
    try:
        made.get_connection_args("client")
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or getattr(error, "reason", None) or "they do not fit each other"
        named = ", ".join(f"{name.partition(' ')[0]} {value}" for name, value in settings.items())
        raise FleetError(
            f"the certificates for --cluster cannot be used: {reason} ({named}): expected PEM"
            " files, the key that of the certificate",
            exit_code=2,
        ) from None
    return made


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

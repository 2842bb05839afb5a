"""When it was last proved for each customer that the exclusion is in place, by any run from here.

`.fleet/verified.json` holds tenant id and moment by customer. A run that proved nothing (it failed,
it found a policy without the exclusion, nobody began it) shows the proof before it, with its age. A
file that is not there or cannot be read knows of none. A customer that was moved to another tenant
or taken down has no proof any more.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from fleet.report import CustomerReport, Moment, Part
from fleet.report_json import write_text

FILE: Final = "verified.json"


class Proof(Part):
    """One customer's last one."""

    tenant_id: str
    moment: Moment


_PROOFS: Final = TypeAdapter(dict[str, Proof])


class LastProofs:
    """The memory of a project; what it is told is written with the next `keep`."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of the runs' records."""
        self._file = folder / FILE
        self._proofs = self._read()

    def with_last(self, reports: Iterable[CustomerReport]) -> list[CustomerReport]:
        """The same reports; each without a proof of its own shows the last one."""
        return [self._with_last(one) for one in reports]

    def keep(self, reports: Iterable[CustomerReport]) -> list[CustomerReport]:
        """Remember what these prove, and hand them on. Raises FleetError when it is not written."""
        reports = list(reports)
        written = self._read()  # another run may have added to it
        self._proofs = dict(written)
        for one in reports:
            known = self._known(one)
            if known and one.started and _is_taken_down(one) and known.moment < one.started:
                del self._proofs[one.customer]
            elif one.last_verified and (known is None or known.moment < one.last_verified):
                proof = Proof(tenant_id=one.tenant_id, moment=one.last_verified)
                self._proofs[one.customer] = proof
        if self._proofs != written:
            text = _PROOFS.dump_json(self._proofs, indent=2, by_alias=True).decode()
            write_text(text + "\n", self._file)
        return reports

    def _read(self) -> dict[str, Proof]:
        try:
            return _PROOFS.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return {}

    def _with_last(self, report: CustomerReport) -> CustomerReport:
        known = self._known(report)
        if known is None or report.last_verified or _is_taken_down(report):
            return report
        return report.model_copy(update={"last_verified": known.moment})

    def _known(self, report: CustomerReport) -> Proof | None:
        """Of this tenant; a report that names none was not begun."""
        proof = self._proofs.get(report.customer)
        if proof is None or report.tenant_id.casefold() not in ("", proof.tenant_id.casefold()):
            return None
        return proof


def _is_taken_down(report: CustomerReport) -> bool:
    return report.operation == "destroy" and report.outcome == "done"

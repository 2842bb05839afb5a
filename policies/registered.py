"""Which resources the program registers in this run.

With `refresh: always` in Pulumi.yaml the engine (3.258) shows a rule on the stack also what is
about to be deleted, as if it stayed. A rule on resources is asked about each resource that the
program registers, and about nothing else: so these note it, and the others leave the rest out.
"""


class Registered:
    """The URNs that rules on resources were asked about. One process of a pack serves one run."""

    def __init__(self) -> None:
        self._urns: set[str] = set()

    def note(self, urn: str) -> None:
        """The program registered that one."""
        self._urns.add(urn)

    def forget(self) -> None:
        """Start anew."""
        self._urns.clear()

    def has(self, urn: str) -> bool:
        """Whether the program registered it. Where no rule was asked, all count as registered."""
        return not self._urns or urn in self._urns


REGISTERED = Registered()

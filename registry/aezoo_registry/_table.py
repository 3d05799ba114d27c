"""The names of one kind, each with its owners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aezoo_registry._errors import AmbiguousName, UnknownName
from aezoo_registry._metadata import NOT_INSTALLED, Entry, Finding, Scan
from aezoo_registry._names import singular, unknown


@dataclass(frozen=True)
class Table:
    """Who owns which name.

    Attributes:
        kind: A key of `GROUPS`.
        owners: For each valid name the entries that differ in their target.
        findings: What cannot be used, and why.
        installed: Whether aezoo itself is.
    """

    kind: str
    owners: dict[str, tuple[Entry, ...]]
    findings: tuple[Finding, ...]
    installed: bool

    @classmethod
    def build(
        cls, kind: str, scan: Scan, entries: Iterable[Entry], rejected: Iterable[Finding]
    ) -> Table:
        """Collapse what is registered twice and tell what has several owners.

        Args:
            kind: A key of `GROUPS`.
            scan: What is installed; its findings about `kind` are kept.
            entries: The entries of `kind` whose names are valid.
            rejected: Why the other entries of `kind` cannot be used.

        Returns:
            The table, independent of the order of `entries`.
        """
        targets: dict[str, dict[str, Entry]] = {}
        for entry in sorted(entries, key=lambda entry: (entry.distribution, entry.version)):
            targets.setdefault(entry.name, {}).setdefault(entry.target, entry)
        owners = {name: tuple(by_target.values()) for name, by_target in targets.items()}
        findings = [finding for finding in scan.findings if finding.kind == kind]
        findings += rejected
        for rivals in owners.values():
            for entry in rivals if len(rivals) > 1 else ():
                others = _listed(rival for rival in rivals if rival is not entry)
                detail = f"Also registered by {others}. Uninstall one of them."
                findings.append(Finding.about(entry, "conflict", detail))
        return cls(kind, owners, tuple(findings), scan.installed)

    def names(self) -> list[str]:
        """Return the sorted names that have exactly one owner."""
        return sorted(name for name, owners in self.owners.items() if len(owners) == 1)

    def find(self, name: str) -> Entry:
        """Return the only owner of `name`.

        Args:
            name: A registered name.

        Returns:
            Its entry.

        Raises:
            ValueError: If `name` is not a string.
            UnknownName: If nobody registers the name, or not in a way that can be used.
            AmbiguousName: If it has several owners.
        """
        if not isinstance(name, str):
            raise ValueError(
                f"The name of a {singular(self.kind)} is text; expected a str. "
                f"Received: name={name!r}."
            )
        owners = self.owners.get(name, ())
        if len(owners) == 1:
            return owners[0]
        if owners:
            raise AmbiguousName(
                f"{singular(self.kind).capitalize()} {name!r} is registered by "
                f"{_listed(owners)}; expected one owner. Uninstall one of them. "
                f"Received: name={name!r}."
            )
        reason = next(
            (
                f"{_listed([finding])} registers it, but it cannot be used: {finding.detail}"
                for finding in self.findings
                if finding.name == name
            ),
            "" if self.owners or self.installed else NOT_INSTALLED,
        )
        raise UnknownName(unknown(self.kind, name, self.names(), reason))


def _listed(entries: Iterable[Entry | Finding]) -> str:
    return " and ".join(f"{entry.owner} ({entry.target!r})" for entry in entries)

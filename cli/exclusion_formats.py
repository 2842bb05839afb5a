"""For which tools `breakglass exclusion snippet` prints lines."""

from enum import StrEnum


class Format(StrEnum):
    """What `--format` chooses."""

    TERRAFORM = "terraform"
    MICROSOFT365DSC = "microsoft365dsc"
    JSON = "json"
    ALL = "all"

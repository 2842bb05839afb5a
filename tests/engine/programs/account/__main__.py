"""One account as a small program of one's own has it: its arguments come from the settings."""

from typing import Any, cast

import pulumi

from components.break_glass_account import AccountTools, BreakGlassAccount, BreakGlassAccountArgs
from entra.errors import EntraError

config = pulumi.Config()
wanted = cast("dict[str, Any]", config.get_object("account") or {})
try:
    account = BreakGlassAccount(
        "account",
        BreakGlassAccountArgs(config.require("domain"), **wanted),
        pulumi.ResourceOptions(protect=config.get_bool("protect")),
        tools=AccountTools(adopted=config.get_int("adopted")),
    )
except EntraError as error:
    raise pulumi.RunError(str(error)) from None
pulumi.export("account", account.summary)
pulumi.export("password", account.password)
pulumi.export("passwordChanged", account.password_changed)
pulumi.export("retired", account.retired)

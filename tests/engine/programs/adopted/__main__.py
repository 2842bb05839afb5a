"""An existing account taken in by a small program of one's own; without `account` it is let go."""

import pulumi
import pulumi_random as random

from components.adopted_account import AdoptedAccount, AdoptedAccountArgs
from entra.errors import EntraError

config = pulumi.Config()
alarm = random.RandomString("alarm", length=config.get_int("alarm") or 4)
wanted = config.get("account")
if wanted:
    try:
        account = AdoptedAccount(
            "adopted",
            AdoptedAccountArgs(
                wanted,
                alarm.result,
                allow_synced=config.get_bool("allowSynced"),
                retired=config.get_bool("retired"),
            ),
            pulumi.ResourceOptions(protect=config.get_bool("protect")),
        )
    except EntraError as error:
        raise pulumi.RunError(str(error)) from None
    pulumi.export("account", account.summary)
    pulumi.export("retired", account.retired)

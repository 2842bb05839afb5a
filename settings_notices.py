"""What the settings may say and an administrator should know: one line each.

Source: Microsoft, "Action groups" (countries with SMS and voice notification support, July 2026).
"""

from collections.abc import Iterator
from typing import Final

from settings_monitoring import Monitoring
from settings_receivers import ActionGroup

SMS_COUNTRY_CODES: Final = frozenset(
    (1, 7, 27, 31, 32, 33, 34, 39, 40, 41, 43, 44, 45, 47, 49, 52, 55, 56, 60, 61, 64, 65, 81, 82)
) | {86, 91, 351, 352, 353, 358, 372, 420, 852, 886, 971, 972}
VOICE_COUNTRY_CODES: Final = SMS_COUNTRY_CODES | {46}
PASSKEY_CATEGORY: Final = "NonInteractiveUserSignInLogs"


def notices(monitoring: Monitoring, *, secret: bool) -> tuple[str, ...]:
    """Every line about these settings; `secret`: whether they are marked secret."""
    groups = {"notify": monitoring.notify, "watch.notify": monitoring.watch.notify}
    lines = [
        line
        for place, group in groups.items()
        if group is not None
        for line in _of_group(f"break-glass:monitoring.{place}", group, secret=secret)
    ]
    if PASSKEY_CATEGORY not in monitoring.diagnostic_setting.categories:
        lines.append(
            f"break-glass:monitoring.diagnosticSetting.categories lacks {PASSKEY_CATEGORY}: most"
            " sign-ins with a passkey are written to that log alone, and none of them rings"
        )
    watched = monitoring.watch.rules or monitoring.watch.health
    if watched and monitoring.notify.existing == monitoring.watch_notify.existing is not None:
        lines.append(
            "break-glass:monitoring.watch.notify names no action group of its own: whoever switches"
            " the existing one off silences the alarm on that too; give watch.notify receivers"
        )
    return tuple(lines)


def _of_group(key: str, group: ActionGroup, *, secret: bool) -> Iterator[str]:
    for number, webhook in enumerate(group.webhooks):
        if not secret and webhook.aad is None:
            yield (
                f"{key}.webhooks[{number}].uri stands readable in the settings file and in the"
                " state's copy of the settings, and whoever knows such an address can call it:"
                " pulumi config set --secret --path"
                f' "{key}.webhooks[{number}].uri" (it asks for the value)'
            )
    phones = (("sms", group.sms, SMS_COUNTRY_CODES), ("voice", group.voice, VOICE_COUNTRY_CODES))
    for kind, receivers, codes in phones:
        for number, phone in enumerate(receivers):
            if int(phone.country_code) not in codes:
                yield (
                    f"{key}.{kind}[{number}].countryCode is not in Microsoft's list for {kind}"
                    " (Action groups, July 2026): Azure may refuse it or deliver nothing; try it"
                    " with the action group's Test button, or name another receiver"
                )

"""Virtual minutes pass until the alert on use rings."""

from datetime import datetime, timedelta

from cli.chapters.stage import Stage
from cli.control_face import Message
from cli.facts import AlertFacts, MailFacts
from cli.screen import plain

_MINUTE = 60.0
_PATIENCE_MINUTES = 30
_QUIET_MINUTES = 15


def let_earlier_alarms_ring(stage: Stage) -> datetime:
    """Let the alarms of sign-ins before this run ring, so that none of them is taken for ours.

    Returns the tenant's time.
    """
    return stage.tenant.advance(_QUIET_MINUTES * _MINUTE)


def wait_for_alarm(stage: Stage, since: datetime) -> tuple[AlertFacts, MailFacts]:
    """Advance the tenant's clock minute by minute until an alert has rung and its mail is out."""
    stage.screen.chapter("3  Who notices?")
    now = since
    for _ in range(_PATIENCE_MINUTES):
        now = stage.tenant.advance(_MINUTE)
        firings = [firing for firing in stage.tenant.firings() if firing.time >= since]
        mails = [mail for mail in stage.tenant.outbox() if mail.time >= since and _is_mail(mail)]
        if firings and mails:
            break
    else:
        stage.screen.bad(f"No alert and mail within {_PATIENCE_MINUTES} virtual minutes.")
        return AlertFacts(fired=False, severity=None), MailFacts(to=[], subject=None)
    firing = firings[0]
    minutes = (now - since) / timedelta(minutes=1)
    stage.screen.good(
        f"{minutes:.0f} virtual minutes later the alert '{plain(firing.rule)}' rings, "
        f"severity {firing.severity}."
    )
    subject = mails[0].subject
    receivers = sorted({mail.recipient for mail in mails if mail.subject == subject})
    stage.screen.good(f"Mail to {plain(', '.join(receivers))}: [bold]{plain(subject)}[/]")
    return (
        AlertFacts(fired=True, severity=firing.severity),
        MailFacts(to=receivers, subject=subject),
    )


def _is_mail(message: Message) -> bool:
    return message.channel.lower() == "email"

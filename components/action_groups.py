"""Action groups: who is told when an alarm rings.

Source: Azure REST API, "Action Groups - Create Or Update".
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import pulumi
from pulumi_azure_native import monitor

from components.azure_resources import ACTION_GROUP_TYPE, told_ids
from components.kept_monitoring import stack_tags
from components.monitoring_arguments import Notify, WebhookReceiver
from components.monitoring_children import Children
from components.plain_arguments import either

ACTION_GROUP: Final = "ag-break-glass"
SHORT_NAME: Final = "BreakGlass"


def beside(first: Notify) -> Notify:
    """The second action group where none is chosen: the same receivers in a group of their own; of
    an existing group they are not known."""
    if first.existing is not None:
        return first
    return replace(first, name=f"{either(first.name, ACTION_GROUP)}-watch")


def action_group(
    children: Children,
    suffix: str,
    notify: Notify,
    resource_group_name: pulumi.Input[str],
    *,
    sealed: bool = False,
) -> tuple[pulumi.Output[str], Sequence[pulumi.Resource]]:
    """Azure resource id of an action group, and the resource when it is made here.

    `sealed`: not protected itself (see `alarm_seal`).
    """
    if notify.existing is not None:
        return pulumi.Output.from_input(notify.existing), ()
    name = either(notify.name, ACTION_GROUP)
    place = either(notify.resource_group_name, resource_group_name)
    opts = _options(children, suffix, sealed=sealed)
    opts.ignore_changes = [*_respelt(children, suffix, name, place)]
    made = monitor.ActionGroup(
        children.called(suffix),
        action_group_name=name,
        group_short_name=either(notify.short_name, SHORT_NAME),
        resource_group_name=place,
        location="Global",
        enabled=True,
        email_receivers=[
            monitor.MicrosoftCommonEmailReceiverArgs(
                name=one.name, email_address=one.address, use_common_alert_schema=True
            )
            for one in either(notify.emails, ())
        ]
        or None,
        sms_receivers=[
            monitor.MicrosoftCommonSmsReceiverArgs(
                name=one.name, country_code=one.country_code, phone_number=one.phone_number
            )
            for one in either(notify.sms, ())
        ]
        or None,
        voice_receivers=[
            monitor.MicrosoftCommonVoiceReceiverArgs(
                name=one.name, country_code=one.country_code, phone_number=one.phone_number
            )
            for one in either(notify.voice, ())
        ]
        or None,
        azure_app_push_receivers=[
            monitor.MicrosoftCommonAzureAppPushReceiverArgs(
                name=one.name, email_address=one.address
            )
            for one in either(notify.push, ())
        ]
        or None,
        webhook_receivers=[_webhook(one) for one in either(notify.webhooks, ())] or None,
        tags=stack_tags(),
        opts=opts,
    )
    return made.id, (made,)


def _options(children: Children, suffix: str, *, sealed: bool) -> pulumi.ResourceOptions:
    opts = children.options(suffix, sealed=sealed)
    # The provider would delete first: for a while the rules would tell nobody.
    opts.delete_before_replace = False
    # Azure hands the addresses back when it is asked, also on refresh and import.
    opts.additional_secret_outputs = ["webhookReceivers"]
    return opts


def _respelt(
    children: Children, suffix: str, name: str, resource_group_name: pulumi.Input[str]
) -> Iterator[str]:
    """Properties that differ from those of the standing action group in capitals alone.

    To Azure it is the same one, to the engine another: it could not be made before the old one
    goes. A place that is known only once something is made is not compared.
    """
    if children.remembered(suffix, ACTION_GROUP_TYPE) is None:
        return
    parts = [one.split("/") for one in told_ids(children.tools.memory, ACTION_GROUP_TYPE, name)]
    if parts and name not in {one[-1] for one in parts}:
        yield "actionGroupName"
    groups = {one[4] for one in parts if len(one) > 4}
    if isinstance(resource_group_name, str) and resource_group_name not in groups:
        folded = {one.casefold() for one in groups}
        if resource_group_name.casefold() in folded:
            yield "resourceGroupName"


def _webhook(receiver: WebhookReceiver) -> monitor.WebhookReceiverArgs:
    aad = receiver.aad
    return monitor.WebhookReceiverArgs(
        name=receiver.name,
        service_uri=pulumi.Output.secret(receiver.uri),
        use_common_alert_schema=either(receiver.common_alert_schema, True),
        use_aad_auth=aad is not None,
        object_id=aad.object_id if aad else None,
        identifier_uri=aad.identifier_uri if aad else None,
        tenant_id=aad.tenant_id if aad else None,
    )

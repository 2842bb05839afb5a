"""The filter for devices."""

from typing import Any

from tests.sandbox.evaluation_table.case import Case, Group, Object, passes, policy, stops

LAPTOP = {
    "displayName": "KIOSK-Berlin-7",
    "model": "Surface Laptop 5",
    "manufacturer": "Microsoft Corporation",
    "operatingSystemVersion": "10.0.22631",
    "deviceOwnership": "Company",
    "mdmAppId": "0000000a-0000-0000-c000-000000000000",
    "systemLabels": ["M365Managed", "MultiUser"],
    "physicalIds": ["[ZTDId]:42"],
    "extensionAttributes": {"extensionAttribute1": "SAW"},
}
UNMANAGED = {
    "trustType": "Workplace",
    "extensionAttributes": {"extensionAttribute1": "SAW"},
}
HYBRID = {**UNMANAGED, "trustType": "ServerAD"}


def include(rule: str) -> Object:
    return policy("block", devices={"deviceFilter": {"mode": "include", "rule": rule}})


def exclude(rule: str) -> Object:
    return policy("block", devices={"deviceFilter": {"mode": "exclude", "rule": rule}})


def fits(says: str, rule: str, device: Any = LAPTOP) -> Case:
    return stops(says, include(rule), device=device)


def fails(says: str, rule: str, device: Any = LAPTOP) -> Case:
    return passes(says, include(rule), "devices", device=device)


DEVICE_FILTERS = (
    Group(
        "Microsoft Learn, Conditional Access: Filter for devices (Supported operators and device "
        "properties for filters)",
        (
            fits("Equals", '(device.deviceOwnership -eq "Company")'),
            fails("NotEquals", '(device.deviceOwnership -ne "Company")'),
            fits("StartsWith", '(device.displayName -startsWith "KIOSK-")'),
            fails("NotStartsWith", '(device.manufacturer -notStartsWith "Microsoft")'),
            fits("EndsWith", '(device.displayName -endsWith "-7")'),
            fits("NotEndsWith", '(device.displayName -notEndsWith "-8")'),
            fits("Contains looks into a text", '(device.model -contains "Laptop")'),
            fails("NotContains", '(device.model -notContains "Surface")'),
            fits(
                "In",
                '(device.operatingSystemVersion -in ["10.0.19045", "10.0.22631"])',
            ),
            fails("NotIn", '(device.operatingSystemVersion -notIn ["10.0.22631"])'),
            fits(
                "Contains matches a whole string of a collection",
                '(device.systemLabels -contains "M365Managed")',
            ),
            fails(
                "and no part of one",
                '(device.systemLabels -contains "M365")',
            ),
            fits("physical ids of Autopilot devices", 'device.physicalIds -contains "[ZTDId]:42"'),
            fits(
                "a compliant device",
                'device.isCompliant -eq "True"',
                {"isCompliant": True},
            ),
            Case(
                "an operator that the attribute does not take cannot be decided",
                [include('device.trustType -startsWith "Server"')],
                {"device": LAPTOP},
                "allowed",
                ["notEvaluated"],
                names="device.trusttype",
            ),
            Case(
                "the maximum length for the filter rule is 3072 characters",
                [include(f'device.model -eq "{"x" * 3072}"')],
                {"device": LAPTOP},
                "allowed",
                ["notEvaluated"],
                names="3072",
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Filter for devices (Policy behavior with filter for "
        "devices)",
        (
            passes(
                "positive operators and an unregistered device: not applied",
                include('device.trustType -eq "ServerAD"'),
                "devices",
            ),
            stops(
                "so that it cannot be excluded by one",
                exclude('device.trustType -eq "ServerAD"'),
            ),
            stops(
                "negative operators and an unregistered device: applied",
                include('device.trustType -ne "ServerAD"'),
            ),
            passes(
                "so that it is excluded by one",
                exclude('device.extensionAttribute2 -ne "TeamsPhoneDevice"'),
                "devices",
            ),
            stops(
                "every negative operator does so",
                include('device.model -notIn ["a"] -and device.displayName -notContains "b"'),
            ),
            fits(
                "extension attributes on a device managed by Intune",
                'device.extensionAttribute1 -eq "SAW"',
            ),
            fits(
                "extension attributes on a hybrid joined device",
                'device.extensionAttribute1 -eq "SAW"',
                HYBRID,
            ),
            fails(
                "extension attributes on a device that is neither",
                'device.extensionAttribute1 -eq "SAW"',
                UNMANAGED,
            ),
            fails(
                "with negative operators just so",
                'device.extensionAttribute1 -ne "other"',
                UNMANAGED,
            ),
            passes(
                "a secure admin workstation is excluded from the block",
                exclude('device.extensionAttribute1 -eq "SAW"'),
                "devices",
                device=LAPTOP,
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Manage rules for dynamic membership groups (Rules with multiple "
        "expressions; operator precedence)",
        (
            fails(
                "and joins",
                'device.model -contains "Laptop" -and device.deviceOwnership -eq "Personal"',
            ),
            fits(
                "or joins",
                'device.model -contains "Laptop" -or device.deviceOwnership -eq "Personal"',
            ),
            fits(
                "and binds before or",
                'device.model -contains "Laptop" -or device.model -contains "x" -and '
                'device.model -contains "y"',
            ),
            fails(
                "parentheses change the order",
                '(device.model -contains "Laptop" -or device.model -contains "x") -and '
                'device.model -contains "y"',
            ),
            fails("not turns an expression round", 'not (device.model -contains "Laptop")'),
            fits(
                "not binds before and",
                '-not device.model -contains "x" -and device.model -contains "Laptop"',
            ),
            fits(
                "neither operators nor values are case-sensitive",
                'device.Model -CONTAINS "LAPTOP"',
            ),
        ),
    ),
)

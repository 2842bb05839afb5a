"""Client apps, platforms, networks, risk, authentication flows."""

from typing import Any

from tests.sandbox.evaluation_table.case import Case, Group, Object, passes, policy, stops, thing

OFFICE, BRANCH, GULF = thing("places/Office"), thing("places/Branch"), thing("places/Gulf")
HOME, ALPS, COMPLIANT = thing("places/Home"), thing("places/Alps"), thing("places/Compliant")
IN_THE_OFFICE = {"ip": "203.0.113.77", "country": "DE"}
ELSEWHERE = {"ip": "198.51.100.9", "country": "DE"}
NOWHERE = {"ip": "198.51.100.9"}


def if_(**conditions: Any) -> Object:
    return policy("block", **conditions)


def from_clients(*kinds: str, control: str = "block") -> Object:
    return policy(control, clientAppTypes=list(kinds))


def on(*included: str, excluded: tuple[str, ...] = ()) -> Object:
    return if_(platforms={"includePlatforms": list(included), "excludePlatforms": list(excluded)})


def at(*included: str, excluded: tuple[str, ...] = ()) -> Object:
    return if_(locations={"includeLocations": list(included), "excludeLocations": list(excluded)})


def flow(transfer_methods: str, control: str = "block") -> Object:
    return policy(control, authenticationFlows={"transferMethods": transfer_methods})


EVERY_SYSTEM = ("android", "iOS", "windows", "macOS", "linux")
LEGACY = ("exchangeActiveSync", "other")

SIGNALS = (
    Group(
        "Microsoft Learn, Conditional Access: Conditions (Client apps)",
        (
            stops("all client apps include legacy ones", from_clients("all"), clientApp="other"),
            stops("a browser", from_clients("browser")),
            passes(
                "a desktop client is no browser",
                from_clients("browser"),
                "clientApps",
                clientApp="mobileAppsAndDesktopClients",
            ),
            stops(
                "web applications blocked, mobile and desktop clients blocked",
                from_clients("browser", "mobileAppsAndDesktopClients"),
                clientApp="mobileAppsAndDesktopClients",
            ),
            stops("Exchange ActiveSync", from_clients(*LEGACY), clientApp="exchangeActiveSync"),
            stops("POP, IMAP, SMTP are other clients", from_clients(*LEGACY), clientApp="other"),
            passes("modern clients are not legacy", from_clients(*LEGACY), "clientApps"),
            stops(
                "legacy clients don't support MFA, so a demand for it blocks them",
                from_clients("all", control="mfa"),
                clientApp="other",
                mfa=True,
            ),
            Case(
                "legacy clients don't pass device state, so they are blocked",
                [from_clients("all", control="compliantDevice")],
                {"clientApp": "other", "device": {"isCompliant": True}},
                "blocked",
                ["applied"],
                "53000",
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Conditions (Device platforms)",
        (
            stops("a selected platform", on("android", "iOS"), platform="iOS"),
            passes("another platform", on("android", "iOS"), "devicePlatform"),
            stops("any device means unknown ones too", on("all"), platform="unknown"),
            stops(
                "any device but the supported ones blocks Chrome OS",
                on("all", excluded=EVERY_SYSTEM),
                platform="unknown",
            ),
            passes(
                "and lets a supported one in",
                on("all", excluded=EVERY_SYSTEM),
                "devicePlatform",
                platform="linux",
            ),
            stops("the default is all device platforms", if_(), platform="unknown"),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Network assignment",
        (
            stops("any location is any address", at("All"), location=ELSEWHERE),
            passes(
                "all trusted networks can be excluded from it",
                at("All", excluded=("AllTrusted",)),
                "location",
                location=IN_THE_OFFICE,
            ),
            stops(
                "which leaves the rest of the internet",
                at("All", excluded=("AllTrusted",)),
                location=ELSEWHERE,
            ),
            stops("trusted locations included", at("AllTrusted"), location=IN_THE_OFFICE),
            passes(
                "a location that is not marked is not trusted",
                at("AllTrusted"),
                "location",
                location={"ip": "192.0.2.10"},
            ),
            stops("a range of IPv4 addresses", at(BRANCH), location={"ip": "192.0.2.127"}),
            passes(
                "ends where its mask ends",
                at(BRANCH),
                "location",
                location={"ip": "192.0.2.128"},
            ),
            stops("IPv6 ranges", at(OFFICE), location={"ip": "2001:db8:4a00:1::5"}),
            stops("a country", at(GULF), location={**ELSEWHERE, "country": "QA"}),
            passes("another country", at(GULF), "location", location=ELSEWHERE),
            passes(
                "an unknown country is not in it by itself", at(GULF), "location", location=NOWHERE
            ),
            stops("unless unknown countries are included", at(HOME), location=NOWHERE),
            passes(
                "an excluded location wins over an included one",
                at(GULF, OFFICE, excluded=(OFFICE,)),
                "location",
                location={**IN_THE_OFFICE, "country": "AE"},
            ),
            passes(
                "the compliant network can be excluded",
                at("All", excluded=(COMPLIANT,)),
                "location",
                location={**ELSEWHERE, "compliantNetwork": True},
            ),
            stops(
                "outside it the policy applies",
                at("All", excluded=(COMPLIANT,)),
                location=ELSEWHERE,
            ),
            stops(
                "GPS coordinates decide where they are asked for",
                at(ALPS),
                location={**ELSEWHERE, "gpsCountry": "CH"},
            ),
            passes(
                "and not the address",
                at(ALPS),
                "location",
                location={"country": "CH", "gpsCountry": "DE"},
            ),
            Case(
                "a position that is not shared cannot be decided",
                [at(ALPS)],
                {"location": "CH"},
                "allowed",
                ["notEvaluated"],
                names="Alps",
            ),
            passes(
                "GPS location doesn't work with passwordless methods",
                at(ALPS),
                "location",
                location="CH",
                method="fido2",
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Conditions (Sign-in risk; User risk; Insider risk)",
        (
            stops(
                "a selected level of sign-in risk",
                if_(signInRiskLevels=["high", "medium"]),
                signInRisk="medium",
            ),
            passes(
                "a lower level",
                if_(signInRiskLevels=["high", "medium"]),
                "signInRisk",
                signInRisk="low",
            ),
            passes("no risk at all", if_(signInRiskLevels=["high", "medium"]), "signInRisk"),
            stops("user risk", if_(userRiskLevels=["high"]), userRisk="high"),
            passes(
                "the risk of the sign-in is not the user's",
                if_(userRiskLevels=["high"]),
                "userRisk",
                signInRisk="high",
            ),
            passes(
                "both conditions must be met",
                if_(signInRiskLevels=["high"], userRiskLevels=["high"]),
                "userRisk",
                signInRisk="high",
                userRisk="low",
            ),
            stops("insider risk", if_(insiderRiskLevels="elevated"), insiderRisk="elevated"),
            passes(
                "insider risk of another level",
                if_(insiderRiskLevels="moderate,elevated"),
                "insiderRisk",
                insiderRisk="minor",
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Authentication flows",
        (
            stops("device code flow", flow("deviceCodeFlow"), authenticationFlow="deviceCodeFlow"),
            passes("other flows are not it", flow("deviceCodeFlow"), "authenticationFlow"),
            stops(
                "authentication transfer",
                flow("deviceCodeFlow,authenticationTransfer"),
                authenticationFlow="authenticationTransfer",
            ),
            passes(
                "a transfer is no device code",
                flow("deviceCodeFlow"),
                "authenticationFlow",
                authenticationFlow="authenticationTransfer",
            ),
            Case(
                "the device in hand can't give its state through a device code",
                [policy("compliantDevice")],
                {"authenticationFlow": "deviceCodeFlow", "device": {"isCompliant": True}},
                "blocked",
                ["applied"],
                "53000",
            ),
        ),
    ),
)

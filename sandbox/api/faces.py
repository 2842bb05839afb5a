"""The services at this endpoint: their routes, how each words a refusal, whose tokens it takes.

A module with routes of its own becomes part of a service by one entry in a tuple below.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from sandbox.api import log_analytics, metadata
from sandbox.api.arm import activity_log as arm_activity_log
from sandbox.api.arm import face as arm
from sandbox.api.arm.guard import guarded
from sandbox.api.control import administrator as control_administrator
from sandbox.api.control import face as control
from sandbox.api.control import sign_ins as control_sign_ins
from sandbox.api.envelopes import Envelope, graph_error, login_error, resource_manager_error
from sandbox.api.graph import administrative_units as graph_administrative_units
from sandbox.api.graph import audit_logs as graph_audit_logs
from sandbox.api.graph import authentication_methods as graph_authentication_methods
from sandbox.api.graph import authentication_strengths as graph_authentication_strengths
from sandbox.api.graph import conditional_access as graph_conditional_access
from sandbox.api.graph import deleted_items as graph_deleted_items
from sandbox.api.graph import directory as graph_directory
from sandbox.api.graph import directory_objects as graph_directory_objects
from sandbox.api.graph import directory_roles as graph_directory_roles
from sandbox.api.graph import groups as graph_groups
from sandbox.api.graph import licence_details as graph_licence_details
from sandbox.api.graph import named_locations as graph_named_locations
from sandbox.api.graph import reports as graph_reports
from sandbox.api.graph import role_schedules as graph_role_schedules
from sandbox.api.graph import security_defaults as graph_security_defaults
from sandbox.api.graph import users as graph_users
from sandbox.api.graph import what_if as graph_what_if
from sandbox.api.login import login_router
from sandbox.api.routing import Router
from sandbox.api.token_refusals import graph_refusal, resource_manager_refusal
from sandbox.api.tokens import (
    LOG_ANALYTICS_AUDIENCE,
    RESOURCE_MANAGER_AUDIENCE,
    TokenError,
    Tokens,
)
from sandbox.tenant.errors import ServiceError

GRAPH_ROUTERS = (
    graph_users.router,
    graph_groups.router,
    graph_deleted_items.router,
    graph_directory.router,
    graph_directory_objects.router,
    graph_directory_roles.router,
    graph_licence_details.router,
    graph_role_schedules.router,
    graph_administrative_units.router,
    graph_authentication_methods.router,
    graph_conditional_access.router,
    graph_named_locations.router,
    graph_authentication_strengths.router,
    graph_security_defaults.router,
    graph_what_if.router,
    graph_audit_logs.router,
    graph_reports.router,
)
ARM_ROUTERS = (guarded((arm.router, arm_activity_log.router)),)
CONTROL_ROUTERS = (control.router, control_administrator.router, control_sign_ins.router)


_FUNCTIONS = re.compile(
    r"\$.+|microsoft\.graph\..+|"
    r"(delta|getByIds|validateProperties|getAvailableExtensionProperties|search|filterByCurrentUser)"
    r"(\(.*\))?",
    re.IGNORECASE,
)
"""Functions, actions and casts of Microsoft Graph, which are no ids of objects."""


def _not_found(_face: "Face", raw_path: str) -> ServiceError:
    return ServiceError(404, "ResourceNotFound", f"Resource not found for the path '{raw_path}'.")


def _unknown_segment(face: "Face", raw_path: str) -> ServiceError:
    """Microsoft Graph names the first segment that it does not know.

    Source: issues 764 of microsoftgraph/msgraph-beta-sdk-python and 21648 and 4052 of
    microsoftgraph/microsoft-graph-docs.
    """
    segments = raw_path.strip("/").split("/")
    known = max(router.known_segments(raw_path, face.no_name) for router in face.routers)
    segment = unquote(segments[min(known, len(segments) - 1)])
    return ServiceError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


@dataclass(frozen=True)
class Face:
    """A service: its routes, its error envelope, and the audience of the tokens that it takes.

    `refusal` words why a token was not taken, from the endpoint's address and virtual time;
    `unknown_path` what is said of a path that no route fits. `no_name` matches words of the service
    that are no names of objects, wherever they stand.
    """

    name: str
    routers: Sequence[Router]
    envelope: Envelope
    audience: str | None = None
    refusal: Callable[[TokenError, str, float], ServiceError] = resource_manager_refusal
    unknown_path: Callable[["Face", str], ServiceError] = _not_found
    no_name: re.Pattern[str] | None = None


class Faces:
    """All services of one endpoint."""

    def __init__(self, base_url: str, tokens: Tokens) -> None:
        self.graph = Face(
            "graph",
            GRAPH_ROUTERS,
            graph_error,
            base_url,
            graph_refusal,
            _unknown_segment,
            _FUNCTIONS,
        )
        self.arm = Face("arm", ARM_ROUTERS, resource_manager_error, RESOURCE_MANAGER_AUDIENCE)
        self.log_analytics = Face(
            "log analytics",
            (log_analytics.router,),
            log_analytics.log_analytics_error,
            LOG_ANALYTICS_AUDIENCE,
            log_analytics.log_analytics_refusal,
        )
        audiences = (base_url, RESOURCE_MANAGER_AUDIENCE, LOG_ANALYTICS_AUDIENCE)
        self.login = Face("login", (login_router(tokens, audiences),), login_error)
        self.metadata = Face("metadata", (metadata.router,), resource_manager_error)
        self.control = Face("control", CONTROL_ROUTERS, resource_manager_error)
        self._by_first_segment = {
            "v1.0": self.graph,
            "beta": self.graph,
            "v1": self.log_analytics,
            "subscriptions": self.arm,
            "providers": self.arm,
            "tenants": self.arm,
            "metadata": self.metadata,
            "sandbox": self.control,
        }

    def of(self, raw_path: str) -> Face:
        """The service that answers a path; the login face has what nobody else has."""
        first = raw_path.lower().split("/")[1] if raw_path.startswith("/") else ""
        return self._by_first_segment.get(first, self.login)

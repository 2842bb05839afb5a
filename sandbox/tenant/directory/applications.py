"""The applications (service principals) of a tenant, with what they may do."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.tenant.directory.passwords import hash_random_secret, matches
from sandbox.tenant.errors import DocumentError


class AzureRole(BaseModel):
    """An Azure role (for example Contributor) at a scope (a resource id, or `/`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    scope: str
    role: str


class FederatedCredential(BaseModel):
    """A pipeline that may sign in as the application with a token of its own (OIDC).

    The real service fetches the issuer's keys from the issuer. Nothing is fetched here: the tokens
    must be signed with `public_key` (PEM).
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )
    issuer: str
    subject: str
    audiences: list[str] = ["api://AzureADTokenExchange"]
    public_key: str


class Application(BaseModel):
    """One application with its service principal; it signs in by a secret or one of its keys.

    `certificates` (PEM, without private keys) and `federated_credentials` are other ways to sign in
    than the secret, of which only a hash is kept (None: there is no secret).
    `directory_roles` are role display names given when the document is read; afterwards they are
    the tenant's role assignments like everybody else's.
    """

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)
    app_id: str
    object_id: str
    display_name: str
    secret_hash: str | None = None
    certificates: list[str] = []
    federated_credentials: list[FederatedCredential] = []
    graph_permissions: list[str] = []
    directory_roles: list[str] = []
    azure_roles: list[AzureRole] = []


class Applications:
    """All applications of one tenant, found by application id or by object id."""

    def __init__(self, applications: list[Application]) -> None:
        self._by_app_id = {app.app_id.lower(): app for app in applications}

    @classmethod
    def from_document(cls, doc: Mapping[str, Any]) -> "Applications":
        """Read the key `apps`; raises DocumentError."""
        found: list[Application] = []
        for index, item in enumerate(doc.get("apps", [])):
            try:
                found.append(Application.model_validate(item))
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise DocumentError(f"apps[{index}].{where}: {first['msg']}") from None
        if not found:
            raise DocumentError("apps: a tenant needs one application, which clients sign in as")
        return cls(found)

    def to_document(self) -> dict[str, Any]:
        """The key `apps`."""
        return {
            "apps": [
                app.model_dump(by_alias=True, exclude={"directory_roles"}, exclude_none=True)
                for app in self.all()
            ]
        }

    def all(self) -> list[Application]:
        """Every application, in the document's order."""
        return list(self._by_app_id.values())

    def find(self, app_id: str) -> Application | None:
        """The application with this application (client) id, or None."""
        return self._by_app_id.get(app_id.lower())

    def by_object_id(self, object_id: str) -> Application | None:
        """The application whose service principal has this object id, or None."""
        return next((a for a in self.all() if a.object_id.lower() == object_id.lower()), None)

    def set_secret(self, app_id: str, secret: str) -> None:
        """Give an application a client secret, drawn at random; only its hash is kept."""
        self._by_app_id[app_id.lower()].secret_hash = hash_random_secret(secret)

    def verify_secret(self, app_id: str, secret: str) -> bool:
        """Whether this is the application's client secret."""
        app = self.find(app_id)
        return app is not None and matches(secret, app.secret_hash)

"""Asks the pipeline that runs us for a token of one service connection, as Azure DevOps has it.

On GitHub a token is for an audience (``entra.credentials.ask_pipeline``). On Azure DevOps every
token has the audience `api://AzureADTokenExchange`, and the connection is its subject: a customer's
application takes the tokens of that customer's connection and of no other.

Sources: Azure DevOps REST documentation, "Oidctoken - Create"; azure-identity,
`AzurePipelinesCredential` (address, headers, `oidcToken` of the answer). That a task of the job has
to name the connection, one with `condition: false` is enough: as observed (dotnet/docker-tools#2012
of March 2026), not documented. The form of an answer without a token: from the same place.
"""

from typing import Any, Final, cast

import httpx

from entra.errors import IdentityError, PipelineSilent

URL: Final = "SYSTEM_OIDCREQUESTURI"
BEARER: Final = "SYSTEM_ACCESSTOKEN"
VERSION: Final = "7.1"
_BUSY: Final = {429, 500, 502, 503, 504}
_NOT_NAMED: Final = "no explicit reference"


def ask_azure_devops(url: str, bearer: str, connection: str) -> str:
    """A fresh token of the service connection of that id.

    Raises IdentityError; PipelineSilent when asking again may help.
    """
    failed = f"{URL} gave no OIDC token for service connection {connection}"
    try:
        answer = httpx.post(
            httpx.URL(url).copy_merge_params(
                {"api-version": VERSION, "serviceConnectionId": connection}
            ),
            # Without the last one it leads to a page to sign in.
            headers={
                "Authorization": f"Bearer {bearer}",
                "Content-Type": "application/json",
                "X-TFS-FedAuthRedirect": "Suppress",
            },
            timeout=10.0,
        )
    except httpx.TransportError as error:
        raise PipelineSilent(f"{failed} ({type(error).__name__}): check the address") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise IdentityError(f"{failed} ({type(error).__name__}): check the address") from None
    found = _content(answer)
    token = found.get("oidcToken")
    if answer.is_success and isinstance(token, str) and token:
        return token
    told = " ".join(str(found.get("message") or found.get("value") or "").split())
    if _NOT_NAMED in told:
        raise IdentityError(
            f"{failed}: no task of this job names the connection; add the customer to"
            " azure-pipelines/connections.yml"
        )
    if answer.status_code in _BUSY:
        raise PipelineSilent(f"{failed}: it answered {answer.status_code}; run again")
    raise IdentityError(
        f"{failed}: it answered {answer.status_code}{f' ({told})' if told else ''}; is that its id,"
        " and may this pipeline use it?"
    )


def _content(answer: httpx.Response) -> dict[str, Any]:
    try:
        content: Any = answer.json()
    except ValueError:
        return {}
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}

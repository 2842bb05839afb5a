"""Where a pipeline tells people what it found: GitHub, or Azure DevOps.

One comment of a pull request and one open issue are kept up to date, found by a mark that readers
do not see, and only among what the pipeline itself has written. The token is the job's own.

Source: GitHub REST API, "Issue comments", "Issues", "Deployment environments"; GitHub, "Default
environment variables"; Azure DevOps REST API 7.1, "Pull Request Threads", "Pull Request Thread
Comments", "Wiql - Query By Wiql", "Work Items"; Microsoft, "Use predefined variables". Raises
CommandFailed in one line.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, cast
from urllib.parse import quote

import httpx

from cli.failure import CommandFailed

JSON = Mapping[str, Any]
COMMENT_MARK: Final = "<!-- break-glass: preview -->"
ISSUE_MARK: Final = "<!-- break-glass: drift -->"
TITLE: Final = "Break glass: what the scheduled look found"
_ROBOT: Final = "github-actions[bot]"
_TAG: Final = "break-glass-drift"
_OURS: Final = (
    "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project"
    " AND [System.CreatedBy] = @me AND [System.Tags] CONTAINS 'break-glass-drift'"
)
_VERSION: Final = {"api-version": "7.1"}
_PATCH: Final = "application/json-patch+json"


class Host(Protocol):
    """A service with pull requests and issues."""

    def comment(self, text: str) -> str:
        """Put the text into our one comment of this pull request; say in a line what was done."""
        ...

    def issue(self, text: str, *, is_open: bool) -> str:
        """Put the text into our one open issue, or close it; say in a line what was done."""
        ...


def host(environ: Mapping[str, str] = os.environ) -> Host:
    """The service on which this pipeline runs. Raises CommandFailed when it runs nowhere."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return GitHub(environ)
    if environ.get("TF_BUILD", "").casefold() == "true":
        return AzureDevOps(environ)
    raise CommandFailed(
        "this is for a pipeline on GitHub or Azure DevOps, and neither GITHUB_ACTIONS nor TF_BUILD"
        " is true",
        exit_code=2,
    )


def needed(environ: Mapping[str, str], name: str) -> str:
    """What the pipeline has to give. Raises CommandFailed."""
    if value := environ.get(name):
        return value
    raise CommandFailed(f"{name} is not set: the pipeline's step has to give it", exit_code=2)


class _Client:
    """Requests to one service; whatever it refuses is one line without the token."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}", "User-Agent": "break-glass"},
            timeout=30,
            transport=transport or httpx.HTTPTransport(retries=2),
        )

    def ask(self, method: str, path: str, *, missing: str = "", **more: Any) -> httpx.Response:
        """The answer; `missing` is what to say where there is no such thing."""
        try:
            answer = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise CommandFailed(f"{method} {path} got no answer ({type(error).__name__})") from None
        # Azure DevOps answers a token that it does not take with a page to sign in at.
        if answer.is_success and "json" in answer.headers.get("content-type", ""):
            return answer
        if missing and answer.status_code == 404:
            raise CommandFailed(missing)
        raise CommandFailed(
            f"{method} {path} was refused ({answer.status_code}): may this job's token do that?"
        )


class GitHub:
    """GitHub, by the job's GITHUB_TOKEN: `pull-requests: write`, `issues: write`, `actions: read`.

    The last is to read what an environment asks for.
    """

    def __init__(
        self, environ: Mapping[str, str], transport: httpx.BaseTransport | None = None
    ) -> None:
        self._environ = environ
        url = environ.get("GITHUB_API_URL") or "https://api.github.com"
        self._client = _Client(url, needed(environ, "GITHUB_TOKEN"), transport)
        self._repository = f"/repos/{needed(environ, 'GITHUB_REPOSITORY')}"

    def comment(self, text: str) -> str:
        """See ``Host``."""
        number, body = self._pull_request(), {"body": f"{COMMENT_MARK}\n{text}"}
        comments = f"{self._repository}/issues/{number}/comments"
        for one in self._all(comments):
            if _is_ours(one, COMMENT_MARK):
                self._client.ask(
                    "PATCH", f"{self._repository}/issues/comments/{one['id']}", json=body
                )
                return f"The comment of pull request {number} is up to date."
        self._client.ask("POST", comments, json=body)
        return f"Pull request {number} has a comment."

    def issue(self, text: str, *, is_open: bool) -> str:
        """See ``Host``."""
        issues, body = f"{self._repository}/issues", f"{ISSUE_MARK}\n{text}"
        ours = (
            one
            for one in self._all(issues, state="open", creator=_ROBOT)
            if _is_ours(one, ISSUE_MARK) and "pull_request" not in one
        )
        if found := next(ours, None):
            change = {"body": body, **({} if is_open else {"state": "closed"})}
            self._client.ask("PATCH", f"{issues}/{found['number']}", json=change)
            return f"Issue {found['number']} is {'up to date' if is_open else 'closed'}."
        if not is_open:
            return "There is nothing to report."
        made = self._client.ask("POST", issues, json={"title": TITLE, "body": body}).json()
        return f"Issue {made['number']} is open."

    def check_approval(self, environment: str) -> str:
        """Say in a line that a job of this environment waits until somebody agrees.

        Raises CommandFailed when it does not: the option is missing where the plan has none, and
        GitHub makes an environment that is not there of any job that names it.
        """
        answer = self._client.ask(
            "GET",
            f"{self._repository}/environments/{quote(environment, safe='')}",
            missing=f"there is no environment {environment}, so nobody would be asked: make it,"
            " with required reviewers (docs/ci.md)",
        )
        rules = cast("list[JSON]", answer.json().get("protection_rules") or [])
        asks = [one.get("reviewers") for one in rules if one.get("type") == "required_reviewers"]
        if any(asks):
            return f"Environment {environment} asks its reviewers."
        raise CommandFailed(
            f"environment {environment} has no required reviewers, so nobody would be asked: name"
            " some; in a private repository that takes GitHub Enterprise (docs/ci.md)"
        )

    def _pull_request(self) -> int:
        event = Path(needed(self._environ, "GITHUB_EVENT_PATH"))
        try:
            return int(json.loads(event.read_text(encoding="utf-8"))["pull_request"]["number"])
        except (OSError, ValueError, LookupError, TypeError):
            raise CommandFailed("this run belongs to no pull request", exit_code=2) from None

    def _all(self, path: str, **query: str) -> Iterator[JSON]:
        page = 1
        while True:
            asked = {**query, "per_page": "100", "page": str(page)}
            found = cast("list[JSON]", self._client.ask("GET", path, params=asked).json())
            yield from found
            if len(found) < 100:
                return
            page += 1


def _is_ours(one: JSON, mark: str) -> bool:
    user = cast("JSON", one.get("user") or {})
    return user.get("login") == _ROBOT and str(one.get("body") or "").startswith(mark)


class AzureDevOps:
    """Azure DevOps, by the job's System.AccessToken.

    States of work items differ from process to process, so the item is a Task (every process has
    it), and when there is nothing to report any more it says so, loses its tag, and a person closes
    it. A description in Markdown is as Microsoft documents it and was not tried.
    """

    def __init__(
        self, environ: Mapping[str, str], transport: httpx.BaseTransport | None = None
    ) -> None:
        self._environ = environ
        url = needed(environ, "SYSTEM_COLLECTIONURI")
        self._client = _Client(url, needed(environ, "SYSTEM_ACCESSTOKEN"), transport)
        self._project = f"{needed(environ, 'SYSTEM_TEAMPROJECTID')}/_apis"

    def comment(self, text: str) -> str:
        """See ``Host``."""
        number = needed(self._environ, "SYSTEM_PULLREQUEST_PULLREQUESTID")
        repository = needed(self._environ, "BUILD_REPOSITORY_ID")
        content = f"{COMMENT_MARK}\n{text}"
        path = f"{self._project}/git/repositories/{repository}/pullRequests/{number}/threads"
        who = self._client.ask("GET", "_apis/connectionData").json()["authenticatedUser"]["id"]
        threads: list[Any] = self._client.ask("GET", path, params=_VERSION).json()["value"]
        for thread in threads:
            comments: list[Any] = thread.get("comments") or [{}]
            first: dict[str, Any] = comments[0]
            author: dict[str, Any] = first.get("author") or {}
            if author.get("id") == who and str(first.get("content")).startswith(COMMENT_MARK):
                at = f"{path}/{thread['id']}/comments/{first['id']}"
                self._client.ask("PATCH", at, params=_VERSION, json={"content": content})
                return f"The comment of pull request {number} is up to date."
        thread = {"comments": [{"content": content, "commentType": "text"}], "status": "closed"}
        self._client.ask("POST", path, params=_VERSION, json=thread)
        return f"Pull request {number} has a comment."

    def issue(self, text: str, *, is_open: bool) -> str:
        """See ``Host``."""
        wiql = {"query": _OURS}
        asked = self._client.ask("POST", f"{self._project}/wit/wiql", params=_VERSION, json=wiql)
        items = cast("list[JSON]", asked.json()["workItems"])
        if not items and not is_open:
            return "There is nothing to report."
        fields = {
            "/fields/System.Title": TITLE if is_open else f"{TITLE} (over: close this)",
            "/fields/System.Description": text,
            "/multilineFieldsFormat/System.Description": "Markdown",
            "/fields/System.Tags": _TAG if is_open else "",
        }
        change = [{"op": "add", "path": path, "value": value} for path, value in fields.items()]
        where, method = f"{self._project}/wit/workitems", "PATCH" if items else "POST"
        at = f"{where}/{items[0]['id']}" if items else f"{where}/$Task"
        item = self._client.ask(
            method, at, params=_VERSION, headers={"Content-Type": _PATCH}, json=change
        ).json()
        return f"Work item {item['id']} {'is up to date' if is_open else 'may be closed'}."

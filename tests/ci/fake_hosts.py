"""Comments and issues of GitHub, pull request threads and work items of Azure DevOps, in memory.

Only what is asked of them, with the fields that are read. Source: see ``cli.ci_hosts``.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

JSON = dict[str, Any]
TOKEN = "token-of-this-job"
ROBOT = {"login": "github-actions[bot]"}


class FakeGitHub:
    """One repository, contoso/break-glass."""

    def __init__(self) -> None:
        self.comments: list[JSON] = []
        self.issues: list[JSON] = []
        self.asked: list[str] = []
        self.environments = {"tenant", "tenant-approval", "tenant-drift", "tenant-preview"}
        self.reviewers: dict[str, list[JSON]] = {
            name: [{"type": "User", "reviewer": {"login": "ada"}}]
            for name in ("tenant-preview", "tenant-approval")
        }

    def answer(self, method: str, target: str, body: JSON, token: str) -> tuple[int, Any]:
        url = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        path = url.path.removeprefix("/repos/contoso/break-glass/")
        self.asked.append(f"{method} {path}")
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        if (name := path.removeprefix("environments/")) in self.environments:
            return 200, {"name": name, "protection_rules": self._rules(name)}
        if path == "issues/7/comments":
            return self._many(self.comments, method, query, body)
        if (found := re.fullmatch(r"issues/comments/(\d+)", path)) and method == "PATCH":
            return self._change(self.comments, int(found[1]), body)
        if path == "issues":
            return self._many(
                self.issues if method == "POST" else self._listed(query), method, query, body
            )
        if (found := re.fullmatch(r"issues/(\d+)", path)) and method == "PATCH":
            return self._change(self.issues, int(found[1]), body)
        return 404, {"message": "Not Found"}

    def add(self, many: list[JSON], body: str, user: str = ROBOT["login"]) -> None:
        number = len(many) + 1
        shared = {"id": number, "number": number, "state": "open"}
        many.append({**shared, "user": {"login": user}, "body": body})

    def _rules(self, environment: str) -> list[JSON]:
        rules: list[JSON] = [{"type": "branch_policy"}]
        if people := self.reviewers.get(environment):
            rules.append({"type": "required_reviewers", "reviewers": people})
        return rules

    def _listed(self, query: dict[str, str]) -> list[JSON]:
        """The issues asked for: by state (open, without one) and, if told, by who made them."""
        state, creator = query.get("state", "open"), query.get("creator")
        return [
            one
            for one in self.issues
            if state in ("all", one["state"])
            and (creator is None or one["user"]["login"] == creator)
        ]

    def _many(
        self, many: list[JSON], method: str, query: dict[str, str], body: JSON
    ) -> tuple[int, Any]:
        if method == "POST":
            self.add(many, body["body"])
            return 201, many[-1]
        size, page = min(100, int(query.get("per_page", 30))), int(query.get("page", 1))
        return 200, many[(page - 1) * size : page * size]

    def _change(self, many: list[JSON], number: int, body: JSON) -> tuple[int, Any]:
        many[number - 1].update(body)
        return 200, many[number - 1]

    def transport(self) -> httpx.MockTransport:
        def handle(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content or b"{}")
            token = request.headers["authorization"]
            status, found = self.answer(request.method, str(request.url), body, token)
            return httpx.Response(status, json=found)

        return httpx.MockTransport(handle)


class FakeAzureDevOps:
    """One project with one pull request."""

    def __init__(self) -> None:
        self.threads: list[JSON] = []
        self.items: list[JSON] = []
        self.asked: list[str] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        body: Any = json.loads(request.content or b"{}")
        path = request.url.path.removeprefix("/org/").removeprefix("p1/_apis/")
        self.asked.append(f"{request.method} {path}")
        if request.headers["authorization"] != f"Bearer {TOKEN}":
            page = "<html>Sign in</html>"
            return httpx.Response(203, text=page, headers={"content-type": "text/html"})
        if path == "_apis/connectionData":
            return httpx.Response(200, json={"authenticatedUser": {"id": "build"}})
        assert request.url.params["api-version"] == "7.1"
        base = "git/repositories/r1/pullRequests/7/threads"
        if path == base and request.method == "GET":
            return httpx.Response(200, json={"value": self.threads})
        if path == base:
            self.add(body["comments"][0]["content"], "build")
            return httpx.Response(200, json=self.threads[-1])
        if found := re.fullmatch(rf"{base}/(\d+)/comments/1", path):
            self.threads[int(found[1]) - 1]["comments"][0].update(body)
            return httpx.Response(200, json={})
        if path == "wit/wiql":
            mine = "[System.CreatedBy] = @me" in body["query"]
            tagged = [
                one
                for one in self.items
                if "break-glass-drift" in one["fields"].get("/fields/System.Tags", "")
                and (one["by"] == "build" or not mine)
            ]
            return httpx.Response(200, json={"workItems": tagged})
        assert request.headers["content-type"] == "application/json-patch+json"
        fields = {one["path"]: one["value"] for one in body}
        if path == "wit/workitems/$Task":
            assert request.method == "POST"
            self.items.append({"id": len(self.items) + 1, "by": "build", "fields": fields})
            return httpx.Response(200, json=self.items[-1])
        assert request.method == "PATCH"
        item = self.items[int(path.rpartition("/")[2]) - 1]
        item["fields"].update(fields)
        return httpx.Response(200, json=item)

    def add(self, content: str, author: str) -> None:
        comment = {"id": 1, "content": content, "author": {"id": author}}
        self.threads.append({"id": len(self.threads) + 1, "comments": [comment]})

"""A dynamic resource that only lives in the state."""

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult


class NoteProvider(ResourceProvider):
    """Keeps what it is given."""

    def create(self, props: dict[str, str]) -> CreateResult:
        """Take the text over."""
        return CreateResult("note", props)

    def diff(self, _id: str, _olds: dict[str, str], _news: dict[str, str]) -> DiffResult:
        """Compare the texts."""
        return DiffResult(changes=_olds["text"] != _news["text"])

    def update(self, _id: str, _olds: dict[str, str], _news: dict[str, str]) -> UpdateResult:
        """Take the new text over."""
        return UpdateResult(outs=_news)

    def delete(self, _id: str, _props: dict[str, str]) -> None:
        """Nothing outside the state is to be undone."""


class Note(Resource, module="notes", name="Note"):
    """A text."""

    text: pulumi.Output[str]

    def __init__(self, name: str, text: pulumi.Input[str]) -> None:
        super().__init__(NoteProvider(), name, {"text": text})

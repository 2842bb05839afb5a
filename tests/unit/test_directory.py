from entra.directory import Directory, Domain, User
from tests.unit.graph_stub import StubGraph, ok, refusal

USER = {"id": "0a-1", "userPrincipalName": "x@contoso.com", "displayName": "X"}


def test_domains_tell_initial_and_federated() -> None:
    graph = StubGraph(
        ok(
            {
                "value": [
                    {
                        "id": "c.onmicrosoft.com",
                        "isInitial": True,
                        "isVerified": True,
                        "authenticationType": "Managed",
                    },
                    {"id": "c.com", "isDefault": True, "authenticationType": "Federated"},
                ]
            }
        )
    )
    assert Directory(graph.client).domains() == (
        Domain("c.onmicrosoft.com", True, False, True, True),
        Domain("c.com", False, True, False, False),
    )


def test_a_user_is_found_by_name_or_not_at_all() -> None:
    graph = StubGraph(ok(USER), refusal(404, "Request_ResourceNotFound"))
    directory = Directory(graph.client)
    assert directory.find_user("x@contoso.com") == User("0a-1", "x@contoso.com", "X", True)
    assert directory.find_user("y@contoso.com") is None


def test_a_name_with_special_characters_is_one_step_of_the_path() -> None:
    graph = StubGraph(ok(USER))
    Directory(graph.client).find_user("guest#EXT#@contoso.com")
    assert graph.requests[0].url.raw_path.startswith(b"/v1.0/users/guest%23EXT%23%40contoso.com?")


def test_deleted_users_are_found_by_id_and_by_their_former_name() -> None:
    deleted = {"id": "0A-1", "userPrincipalName": "0a1X@contoso.com"}
    for sought in ("x@contoso.com", "0a-1"):
        graph = StubGraph(ok({"value": [deleted, {"id": "2", "userPrincipalName": "z@c"}]}))
        assert [user.id for user in Directory(graph.client).deleted_users(sought)] == ["0A-1"]

"""Pulumi's output on screen: what changes, what is wrong, and nothing else."""

from cli.engine_lines import EngineLines

OUTPUT = """\
Updating (sandbox):

 ~  azuread:index:User account-1-user refreshing (0s)
 ~  azuread:index:User account-1-user refresh (0.19s)
    pulumi:pulumi:Stack break-glass-sandbox running Contoso Ltd (contoso.onmicrosoft.com)
    azuread:index:User account-1-user
@ updating....
 +  break-glass:index:CaExclusionPatch exclusion creating (2s) CA001: exclude group BTG Admins
    break-glass:index:CaExclusionPatch exclusion  CA002: exclude group BTG Admins
 \x1b[32m+\x1b[0m  break-glass:index:PolicyExclusion exclusion-1 \x1b[32mcreated (1s)\x1b[0m
 ~  break-glass:index:PolicyExclusion exclusion-2 updated (0.1s) [diff: ~pending]
 ~  break-glass:index:PolicyExclusion exclusion-2 updated (0.1s) [diff: ~pending]
 -  azuread:index:User account-2-user deleted (0.40s)
 +  azuread:index:User account-3-user creating (0s) error: Status=400
 +  azuread:index:User account-3-user **creating failed**
    break-glass:index:CaExclusionPatch exclusion  warning: the listing was short


Diagnostics:
  break-glass:index:CaExclusionPatch (exclusion):
    CA001: exclude group BTG Admins

Resources:
    + 1 created
    41 unchanged
""".replace("user\n@", "user  \n@")

SHOWN = """\
Updating (sandbox):

 +  break-glass:index:PolicyExclusion exclusion-1 created (1s)
 ~  break-glass:index:PolicyExclusion exclusion-2 updated (0.1s) [diff: ~pending]
 -  azuread:index:User account-2-user deleted (0.40s)
 +  azuread:index:User account-3-user creating (0s) error: Status=400
 +  azuread:index:User account-3-user **creating failed**
    break-glass:index:CaExclusionPatch exclusion  warning: the listing was short

Diagnostics:
  break-glass:index:CaExclusionPatch (exclusion):
    CA001: exclude group BTG Admins

Resources:
    + 1 created
    41 unchanged
"""


def test_changes_results_messages_and_errors_are_shown_steps_are_not() -> None:
    shown: list[str] = []
    lines = EngineLines(shown.append)
    for line in OUTPUT.splitlines():
        lines(line)
    plain = [line.replace("\x1b[32m", "").replace("\x1b[0m", "") for line in shown]
    assert "\n".join(plain) + "\n" == SHOWN
    assert any("\x1b[32mcreated" in line for line in shown)


def test_the_preview_and_the_update_each_tell_of_a_resource() -> None:
    shown: list[str] = []
    lines = EngineLines(shown.append)
    step = " +  azuread:index:User account-1-user create"
    for line in ("Previewing update (sandbox):", step, step, "Updating (sandbox):", step):
        lines(line)
    assert shown.count(step) == 2

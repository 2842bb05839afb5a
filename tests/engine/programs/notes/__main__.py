"""The smallest program that needs a language host and a dynamic provider."""

import sys

import pulumi
from note import Note

config = pulumi.Config()
if config.get("fail") == "cleanly":
    raise pulumi.RunError("notes:fail asks for a clean error")
if config.get("fail") == "already-told":
    sys.exit(32)
print("a line from the program")
pulumi.export("text", Note("one", config.require("text")).text)
pulumi.export("password", config.get_secret("password"))

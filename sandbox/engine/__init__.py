"""How the sandbox comes by a real Pulumi engine, its plugins and their environment."""

from sandbox.engine.environment import sandbox_environment
from sandbox.engine.finder import ensure_engine
from sandbox.engine.model import PINNED_VERSION, Engine, EngineError, cache_folder
from sandbox.engine.plugins import ensure_plugins, install_stand_ins

__all__ = [
    "PINNED_VERSION",
    "Engine",
    "EngineError",
    "cache_folder",
    "ensure_engine",
    "ensure_plugins",
    "install_stand_ins",
    "sandbox_environment",
]

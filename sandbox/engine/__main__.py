"""`python -m sandbox.engine`: make an engine ready, and say which one it is."""

import sys

from sandbox.engine import EngineError, ensure_engine


def main() -> int:
    """Prepare the engine; return 1 with one line when there is no way to one."""
    try:
        ensure_engine(print)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""random.RandomString: a random string that is no secret; its id is its value."""

from sandbox.plugins.random.characters import RandomCharacters


class RandomString(RandomCharacters):
    """A random name."""

    token = "random:index/randomString:RandomString"  # noqa: S105 - a type's name

"""What goes wrong in a script."""

# Seconds that anything may take before it counts as stuck.
DEADLINE = 20


class Failure(Exception):
    """Something is not as the script says it has to be."""


class ScriptError(Exception):
    """The script itself is wrong: a mistake of its author."""

"""The one error type that a learner or reader can mend (used everywhere, taught nowhere)."""


class KlueError(ValueError):
    """A mistake in settings, data or commands, told in Korean together with the way out.

    The command line prints only the message and exits with status 2; in a notebook it is an ordinary exception.
    """

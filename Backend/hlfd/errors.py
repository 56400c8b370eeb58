"""The one family of errors that users meet: each message names the thing, what was found, and the next step."""


class InputError(Exception):
    """Something that the user gave cannot be used; the message is a sentence for them, not a stack trace."""

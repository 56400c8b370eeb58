"""What users meet when a command ends early: each message names the thing, what was found, and the next step."""


class InputError(Exception):
    """Something that the user gave cannot be used; the message is a sentence for them, not a stack trace."""


class MemoryShortError(InputError):
    """Memory does not suffice for what was asked; less at once may fit."""


class Stopped(Exception):  # noqa: N818 - a stop that was asked for is no error
    """The user asked for a stop and got it; the message says what is kept and how to go on."""

"""What users meet when a command ends early: each message names the thing, what was found, and the next step."""


class InputError(Exception):
    """Something that the user gave cannot be used; the message is a sentence for them, not a stack trace."""


class MemoryShortError(InputError):
    """Memory does not suffice for what was asked; less at once may fit."""


class LeftAloneError(InputError):
    """Another of the processes that train together is gone."""


class Stopped(Exception):  # noqa: N818 - a stop that was asked for is no error
    """The user asked for a stop and got it; the message says what is kept and how to go on."""


OUT_OF_MEMORY_IN_WORDS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "bad_alloc",
    "cublas_status_alloc_failed",
    "unable to find a valid cudnn algorithm",  # said where none finds room to work in
    "bad allocation",
    "could not create a primitive",  # oneDNN, which computes convolutions on CPUs, where it finds no room to work in
    "could not create a memory",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, on a GPU or on the host; on a CPU torch says so in words only."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in OUT_OF_MEMORY_IN_WORDS)

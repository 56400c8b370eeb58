"""`hlfd arena`: every method on equal terms, and a table that says which wins, by how much, and whether by chance."""

from hlfd.arena.settings import ArenaSettings


class CommandSettings(ArenaSettings):
    """Train teachers and students over methods and seeds with the same settings for all, measure them and compare.

    A killed arena goes on with --resume and repeats nothing that was finished; methods and seeds can be added then.
    """


def run(settings: CommandSettings) -> None:
    """Run everything and print the table."""
    from hlfd.arena.arena import run_arena

    print(run_arena(settings))

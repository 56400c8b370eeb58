"""`hlfd sweep`: the weights of the two levels over a grid, or searched for."""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from hlfd.arena.rows import ALONE
from hlfd.arena.settings import ArenaSettings
from hlfd.distillation.methods import METHODS

Weight = Annotated[float, Field(ge=0)]


class CommandSettings(ArenaSettings):
    """Train a method with several pairs of beta and lambda; a table like the paper's Table 2.

    It is an arena whose rows are pairs: everything else is set, resumed and recorded as there.
    """

    methods: str = ALONE
    """Not to be given: the rows are the student alone and the pairs."""
    method: str = "hlfd"
    """Whose weights are varied."""
    betas: tuple[Weight, ...] = (0.9, 1.8)
    """Weights of the feature level."""
    lambdas: tuple[Weight, ...] = (0.1, 0.2)
    """Weights of the pixel level."""
    search: float | None = Field(None, gt=0)
    """Minutes in which Optuna looks for the best pair on the validation cases, instead of a grid."""

    @field_validator("method")
    @classmethod
    def _method_is_known(cls, name: str) -> str:
        if name not in METHODS or name == "none":
            raise ValueError(f"there are {', '.join(method for method in METHODS if method != 'none')}")
        return name

    @model_validator(mode="after")
    def _weights_are_used(self) -> "CommandSettings":
        routes = METHODS[self.method].routes
        for name, is_used in (("beta", routes(1, 1) != routes(2, 1)), ("lambda", routes(1, 1) != routes(1, 2))):
            if not is_used and (self.search or len(getattr(self, f"{name}s")) > 1):
                raise ValueError(
                    f"{self.method} has no term that {name} weighs, so others would train the same again; give one "
                    f"value with --{name}s, and no --search"
                )
        return self


def run(settings: CommandSettings) -> None:
    """Train and print the table."""
    from hlfd.arena.sweep import search, sweep_grid

    if settings.search is None:
        print(sweep_grid(settings, settings.method, settings.betas, settings.lambdas))
    else:
        print(search(settings, settings.method, settings.search))

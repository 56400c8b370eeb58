"""Methods by name, as settings and bundles name them; each file says which routes it is."""

from hlfd.distillation.methods import at, deep, emkd, hifd, hlfd, hlfd_places, imf, kd, none, random, skd
from hlfd.distillation.routes import Method

METHODS: dict[str, Method] = {
    module.METHOD.name: module.METHOD
    for module in (none, kd, at, skd, imf, emkd, hifd, hlfd, hlfd_places, deep, random)
}

"""What torch says of itself and of every device that it finds: JSON, a line for each.

This runs in a process of its own, for a wrong build or driver can crash or hang the process that loads it.
"""

import json
import platform
import time
from collections.abc import Iterator
from typing import Any

UNANSWERED = "it did not answer"


def main() -> None:
    """Tell about torch, then about each device; before a device is tried, that it has not answered yet."""
    began = time.monotonic()
    try:
        import torch
    except Exception as error:
        tell(torch={"error": first_line(error)})
        return
    tell(torch={**about(torch), "seconds": round(time.monotonic() - began, 1)})
    for name in devices(torch):
        tell(name=name, error=UNANSWERED)
        tell(name=name, **tried(torch, name))


def tell(**facts: Any) -> None:
    """Print at once: the next step may be the last one."""
    print(json.dumps(facts), flush=True)


def about(torch: Any) -> dict[str, Any]:
    """Version, what it is built for, and why it cannot use CUDA though it is built for that."""
    build = f"ROCm {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}"
    if not (torch.version.hip or torch.version.cuda):
        return {"version": torch.__version__, "build": "MPS" if torch.backends.mps.is_built() else "CPU"}
    facts = {"version": torch.__version__, "build": build}
    try:
        torch.cuda.init()
    except Exception as error:
        facts["no_cuda"] = first_line(error)
    return facts


def devices(torch: Any) -> Iterator[str]:
    """Names of devices, in the order in which `--device auto` takes them."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    yield from (f"cuda:{number}" for number in range(count))
    if torch.backends.mps.is_available():
        yield "mps"
    yield "cpu"


def tried(torch: Any, device: str) -> dict[str, Any]:
    """Name and memory (bytes) of a device, and what is wrong with it, if anything."""
    facts: dict[str, Any] = {"model": {"mps": "Apple GPU"}.get(device, platform.machine())}
    try:
        if device.startswith("cuda"):
            facts["model"] = torch.cuda.get_device_name(device)
            facts["memory_free"], facts["memory_total"] = torch.cuda.mem_get_info(device)
        compute(torch, device)
    except Exception as error:
        facts["error"] = first_line(error)
    return facts


def compute(torch: Any, device: str) -> None:
    """Convolve and differentiate, and compare with what is known: a 3×3 window of ones sums up to 9.

    Raises:
        ArithmeticError: it computes, but wrongly.
    """
    layer = torch.nn.Conv2d(1, 1, kernel_size=3, bias=False).to(device)
    torch.nn.init.ones_(layer.weight)
    out = layer(torch.ones(2, 1, 32, 32, device=device))
    out.mean().backward()
    result, slope = out.mean().item(), layer.weight.grad.mean().item()  # waits for the device
    if abs(result - 9) > 0.01 or abs(slope - 1) > 0.01:
        raise ArithmeticError(f"it computes wrongly: {result:.3f} and {slope:.3f} in place of 9 and 1")


def first_line(error: Exception) -> str:
    """What an error says, without what follows in further lines."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")


if __name__ == "__main__":
    main()

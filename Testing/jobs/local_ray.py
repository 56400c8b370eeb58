"""A real Ray cluster of one node on this computer's loopback, and a way to it that can be cut."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from Testing.jobs.acting import until

LOOPBACK = "127.0.0.1"
STARTS_WITHIN_S, STOPS_WITHIN_S = 90, 20
FAST = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else Ray takes this computer's address in the network for 127.0.0.1
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ADDRESS": "",
    "RAY_TMPDIR": "",
}


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody has."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


class LocalRay:
    """Started by `with`, and gone behind it with all of its processes, however the block ends."""

    def __enter__(self) -> "LocalRay":
        self._folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # a socket's path may have 107 letters
        ports = free_ports(4)
        self.port = ports[1]
        self._log = (self._folder / "log.txt").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", "start", *self._options(*ports)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**{name: value for name, value in os.environ.items() if name not in FAST}, **_set(FAST)},
            start_new_session=True,
        )
        try:
            until(self._answers, STARTS_WITHIN_S, 0.2)
        except BaseException:
            print((self._folder / "log.txt").read_text())
            self.__exit__()
            raise
        return self

    def _options(self, port: int, dashboard: int, client: int, agent: int) -> list[str]:
        return [
            *("--head", "--block", "--node-ip-address", LOOPBACK, "--port", str(port)),
            *("--dashboard-host", LOOPBACK, "--dashboard-port", str(dashboard)),
            *("--ray-client-server-port", str(client), "--dashboard-agent-listen-port", str(agent)),
            *("--num-cpus", "2", "--object-store-memory", str(100 << 20)),
            *("--disable-usage-stats", "--temp-dir", str(self._folder / "t")),
        ]

    def __exit__(self, *_: object) -> None:
        while processes := [process for process in self.processes() if process.is_running()]:
            for process in processes:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            psutil.wait_procs(processes, STOPS_WITHIN_S)
        self._process.kill()
        self._process.wait()
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        assert self._process.poll() is None, "Ray did not start"
        try:
            with urllib.request.urlopen(f"{self.address}/api/version", timeout=5) as answer:
                return "ray_version" in json.load(answer)
        except OSError:
            return False

    @property
    def address(self) -> str:
        """Of its job API."""
        return f"http://{LOOPBACK}:{self.port}"

    def processes(self) -> list[psutil.Process]:
        """All of its processes, its jobs' among them."""
        found = set()
        with contextlib.suppress(psutil.Error):
            found |= {*psutil.Process(self._process.pid).children(recursive=True)}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if any(str(self._folder) in word for word in process.cmdline()):
                    found |= {process, *process.children(recursive=True)}
        return list(found)


def _set(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value}


class Way:
    """A way to a port that can be cut, as networks do, and opened again."""

    def __init__(self, port: int) -> None:
        self._to, self._ends, self._server = port, list[socket.socket](), None
        (self._port,) = free_ports(1)
        self.open()

    @property
    def address(self) -> str:
        """What leads over it."""
        return f"http://{LOOPBACK}:{self._port}"

    def open(self) -> None:
        """Let connections through."""
        self._server = socket.create_server((LOOPBACK, self._port))
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def cut(self) -> None:
        """End every connection, and take no more."""
        for end in (self._server, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                ends = server.accept()[0], socket.create_connection((LOOPBACK, self._to))
                self._ends += ends
                for one, other in (ends, ends[::-1]):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := one.recv(1 << 16):
            other.sendall(content)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def way_to(port: int) -> Iterator[Way]:
    """Lay such a way, for a block."""
    way = Way(port)
    try:
        yield way
    finally:
        way.cut()

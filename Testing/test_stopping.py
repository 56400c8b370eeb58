"""Being asked to stop: signals are remembered, a second one insists, and a job's stop file counts as well."""

import signal
import sys
import threading

import pytest

from hlfd.attached import JOB_VARIABLE
from hlfd.errors import Stopped
from hlfd.stopping import stop_asked, stop_here, stoppable

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process that gets SIGTERM")


@pytest.fixture
def at_the_keyboard():
    """Handlers as in a program that was started from a terminal; background jobs of shells ignore SIGINT."""
    ends = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, *ends)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in ends:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def stop_file(tmp_path, monkeypatch):
    """The file that asks the job's processes to stop; not there yet."""
    monkeypatch.setenv(JOB_VARIABLE, str(tmp_path))
    return tmp_path / "stop"


@pytest.mark.parametrize("name", ["SIGINT", *(pytest.param(name, marks=posix) for name in ("SIGTERM", "SIGHUP"))])
def test_a_signal_is_remembered_and_interrupts_nothing(at_the_keyboard, name):
    number = getattr(signal, name)
    with stoppable():
        assert not stop_asked()
        signal.raise_signal(number)
        assert stop_asked() and stop_asked()


def test_a_second_ctrl_c_interrupts_at_once(at_the_keyboard):
    with pytest.raises(KeyboardInterrupt), stoppable():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)


@posix
def test_a_second_request_of_the_system_changes_nothing(at_the_keyboard):
    with stoppable():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert stop_asked()


@pytest.mark.parametrize("ends", [None, KeyError, KeyboardInterrupt])
def test_handlers_are_given_back_and_what_was_asked_is_forgotten(at_the_keyboard, ends):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        with stoppable():
            signal.raise_signal(signal.SIGINT)
            if ends:
                raise ends
    except (KeyError, KeyboardInterrupt):
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert not stop_asked()
    with stoppable():
        assert not stop_asked()


def test_a_signal_that_is_ignored_stays_ignored(at_the_keyboard):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stoppable():
        signal.raise_signal(signal.SIGINT)
        assert not stop_asked()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_the_stop_file_of_a_job_asks_for_a_stop_for_good(stop_file):
    with stoppable():
        assert not stop_asked()
        stop_file.touch()
        assert stop_asked()
        stop_file.unlink()
        assert stop_asked()
    assert not stop_asked()


def test_another_jobs_stop_file_is_not_ours(stop_file, monkeypatch):
    stop_file.touch()
    monkeypatch.setenv(JOB_VARIABLE, "")
    with stoppable():
        assert not stop_asked()


def test_stopping_here_raises_what_is_to_be_said_and_only_if_asked(stop_file):
    with stoppable():
        stop_here("nothing is half-written")
        stop_file.touch()
        with pytest.raises(Stopped, match="nothing is half-written"):
            stop_here("nothing is half-written")


def test_in_a_thread_the_stop_file_counts_and_handlers_are_left_alone(stop_file, at_the_keyboard):
    seen = []

    def work():
        with stoppable():
            seen.append((stop_asked(), signal.getsignal(signal.SIGINT)))
            stop_file.touch()
            seen.append((stop_asked(), signal.getsignal(signal.SIGTERM)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, signal.default_int_handler), (True, signal.SIG_DFL)]


@posix
def test_what_nohup_has_ignored_stays_ignored(at_the_keyboard):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stoppable():
        signal.raise_signal(signal.SIGHUP)
        assert not stop_asked()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN

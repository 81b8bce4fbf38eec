"""Calls that Python runs within must end before what a signal raises does."""
import threading


def away_from_signals(call) -> None:
    """Runs `call` in a thread of its own. Python handles signals in the main thread alone, so that none raises in a function that the
    library calls, where the exception would be lost; it is raised when `call` has ended, as is what `call` itself raises."""
    raised, ended = [], threading.Event()

    def task():
        try:
            call()
        except BaseException as error:
            raised.append(error)
        ended.set()

    try:
        threading.Thread(target=task).start()
    except RuntimeError:  # there is no thread to be had
        raise
    except BaseException as error:  # while it started
        raised.append(error)
    while True:
        try:
            ended.wait()
            break
        except BaseException as error:
            raised.append(error)
    if raised:
        raise raised[0]

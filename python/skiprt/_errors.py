"""Every status of a library as an exception that has the library's text."""


class SkipError(Exception):
    """A call into a library failed; `status` is its number, as the library's header names them."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status


class InvalidArgument(SkipError, ValueError):
    pass


class OutOfMemory(SkipError, MemoryError):
    pass


class NoWeights(SkipError):
    """A run before weights were loaded into a library that has none embedded."""


class BadWeights(SkipError, ValueError):
    """Not weights of this model; the text lists every tensor concerned and why."""


class IoError(SkipError, OSError):
    pass


class UnsupportedCpu(SkipError):
    """The library holds no body that this CPU can run."""


class Busy(SkipError):
    pass


class SystemError(SkipError):
    pass


class NoDevice(SkipError):
    """No device here runs the target that was asked for."""


class DriverError(SkipError):
    pass


# By skip_status; 0 is success.
BY_STATUS = {1: InvalidArgument, 2: OutOfMemory, 3: NoWeights, 4: BadWeights, 5: IoError, 6: UnsupportedCpu, 7: Busy, 8: SystemError,
             9: NoDevice, 10: DriverError}

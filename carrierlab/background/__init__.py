"""An emulator beside the program that uses it: in a thread of this process, or as a process of its own.

Both are started and stopped by blocking calls from any thread, and say where they are in the same way.
"""

from carrierlab.background.emulator import EmulatorThread
from carrierlab.background.process import EmulatorProcess
from carrierlab.background.running import Background, StartError, Where

__all__ = ["Background", "EmulatorProcess", "EmulatorThread", "StartError", "Where"]

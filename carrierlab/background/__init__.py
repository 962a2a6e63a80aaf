"""An emulator beside the program that uses it: in a thread of this process, or as a process of its own.

Both are started and stopped by blocking calls from any thread, and say where they are in the same way.
"""

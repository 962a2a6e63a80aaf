"""Settings of the whole suite."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("carrierlab", deadline=None)
settings.load_profile("carrierlab")

pytest_plugins = ["pytester"]  # sessions of their own, for the tests of our plugin; pytest wants it said here

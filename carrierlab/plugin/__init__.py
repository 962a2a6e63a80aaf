"""What the pytest plugin is made of. ``carrierlab.pytest_plugin`` has its hooks and fixtures."""

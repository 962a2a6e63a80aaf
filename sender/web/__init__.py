"""The HTTP API: routes are thin; what they ask for is done by the pipeline and the store."""

"""Pure rules of sending: states, numbers, templates, routes, retries."""

"""What the HTTP interfaces of both programs share: serving in the reactor's loop, patience, problems."""

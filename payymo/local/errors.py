"""The one error that the launcher reports instead of raising to the console."""


class LocalError(Exception):
    """Something on this machine stops the launcher; its text is one clear line for whoever typed the command."""

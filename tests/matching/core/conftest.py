"""The core's tests need no database and no Django; nothing is set up here but the search path of the cast."""

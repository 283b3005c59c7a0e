"""The password hash of production. Source: OWASP Password Storage Cheat Sheet (Argon2id, 46 MiB, t=1)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with 64 MiB, two passes, one lane."""

    time_cost = 2
    memory_cost = 65_536
    parallelism = 1

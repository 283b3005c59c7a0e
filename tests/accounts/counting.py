"""A password hasher that counts how often a hash is computed: equal work is what equal time comes from."""

from typing import Any

from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    computed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).computed += 1
        return super().encode(password, salt)


def hashes_of(call: Any) -> int:
    before = CountingHasher.computed
    call()
    return CountingHasher.computed - before

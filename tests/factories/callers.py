"""Somebody who calls the API at a tenant's host."""

from django.test import Client

from tests.conftest import PASSWORD


class Caller:
    """Someone signed in at a tenant's host."""

    def __init__(self, who, host="acme"):
        self.client, self.host, self.token = Client(), f"{host}.localhost", ""
        if who:
            self.token = self.post("auth/token/", {"email": f"{who}@{host}.example", "password": PASSWORD}).json()[
                "access"
            ]

    def _headers(self):
        return {"host": self.host, **({"authorization": f"Bearer {self.token}"} if self.token else {})}

    def get(self, path):
        return self.client.get(f"/api/v1/{path}", headers=self._headers())

    def post(self, path, body, key=""):
        headers = {**self._headers(), **({"idempotency-key": key} if key else {})}
        return self.client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    def put(self, path, body):
        return self.client.put(f"/api/v1/{path}", body, content_type="application/json", headers=self._headers())

    def patch(self, path, body):
        return self.client.patch(f"/api/v1/{path}", body, content_type="application/json", headers=self._headers())

    def delete(self, path):
        return self.client.delete(f"/api/v1/{path}", headers=self._headers())

"""A visitor over real HTTP, with cookies and the token against forged forms."""

import requests


class Visitor:
    """Opens a page at acme's host; `post` sends a form as its browser would. Each request has its own connection."""

    def __init__(self, server, path="/login/", host="acme.localhost"):
        self.server, self.headers = server, {"Host": host, "Connection": "close"}
        self.cookies = {}
        self.get(path)

    def get(self, path):
        answer = self._send("get", path)
        while answer.status_code in (302, 303):
            answer = self._send("get", answer.headers["Location"])
        return answer

    def post(self, path, form):
        return self._send("post", path, data={**form, "csrfmiddlewaretoken": self.cookies["payymo_csrf"]})

    def _send(self, method, path, **more):
        answer = requests.request(
            method, self.server.base + path, headers=self.headers, cookies=self.cookies, allow_redirects=False,
            timeout=60, **more,
        )  # fmt: skip
        self.cookies.update(answer.cookies.get_dict())
        return answer

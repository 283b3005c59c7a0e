"""An authenticator in a few lines, which also does what a good one never would."""

import base64
import hashlib
import json
import secrets
import struct

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "http://acme.localhost:8000"
PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Authenticator:
    """Makes one passkey and signs with it; `count` is what it says next."""

    def __init__(self, *, count=1, flags=PRESENT | VERIFIED, origin=None, rp_id=None):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.count, self.flags, self.origin, self.rp_id = count, flags, origin, rp_id

    def create(self, options):
        wanted = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        held = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        data = self._data(wanted["rp"]["id"], WITH_KEY) + held
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer("webauthn.create", wanted, attestationObject=b64(attestation), transports=["internal"])

    def get(self, options):
        wanted = json.loads(options)
        data = self._data(wanted["rpId"])
        client = self._client("webauthn.get", wanted)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer("webauthn.get", wanted, authenticatorData=b64(data), signature=b64(signature))

    def _data(self, rp_id, more=0):
        host = self.rp_id or rp_id
        return hashlib.sha256(host.encode()).digest() + bytes([self.flags | more]) + struct.pack(">I", self.count)

    def _client(self, kind, wanted):
        origin = self.origin or ORIGIN
        return json.dumps({"type": kind, "challenge": wanted["challenge"], "origin": origin}).encode()

    def _answer(self, kind, wanted, **response):
        client = {"clientDataJSON": b64(self._client(kind, wanted))}
        whole = {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": {**client, **response}}
        return json.dumps(whole)

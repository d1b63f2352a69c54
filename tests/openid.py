"""An identity provider on loopback: discovery, authorize, token, keys, userinfo, over real HTTP."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

CLIENT_ID, CLIENT_SECRET = "the-desk", "a secret that the provider knows, too"
KEY_ID = "2026-11"
Claims = dict[str, Any]


@cache
def key(name: str) -> RSAPrivateKey:
    """Return a key pair by a name of its own; making one takes a moment."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Identity:
    """One provider: whom it vouches for, and what a test lets go wrong."""

    issuer: str = ""
    person: Claims = field(default_factory=dict)
    # Whether the address stands in the token; else only userinfo has it.
    tells_in_token: bool = True
    signed_by: str = "its own"
    # What a test changes of a token's claims before they are signed, and of userinfo's answer.
    bends: Callable[[Claims], Claims] = field(default=lambda claims: claims)
    userinfo: Claims = field(default_factory=dict)
    discovery: Claims = field(default_factory=dict)
    # What each code stands for, and what each access token opens.
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def document(self) -> Claims:
        """Say where everything is."""
        told = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        return told | self.discovery

    def keys(self) -> Claims:
        """Return its public key."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key("its own").public_key(), as_dict=True)
        return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Sign somebody in at once, and return where they are sent back to."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, posted: dict[str, str], authorization: str) -> Claims | None:
        """Exchange a code, once, for whoever holds the secret and began with it (RFC 7636)."""
        asked = self.codes.pop(posted.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {basic}":
            return None
        digest = hashlib.sha256(posted["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or posted["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {
            "access_token": "opens-userinfo",
            "token_type": "Bearer",
            "id_token": self.signed(asked),
        }

    def signed(self, asked: dict[str, str]) -> str:
        """Return the signed token for one question."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.person["sub"],
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        claims |= self.person if self.tells_in_token else {}
        return jwt.encode(self.bends(claims), key(self.signed_by), "RS256", headers={"kid": KEY_ID})


@contextmanager
def running() -> Iterator[Identity]:
    """Answer on a free port until the block ends."""
    identity = Identity()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _door(identity))
    identity.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield identity
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _door(identity: Identity) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            identity.asked.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", identity.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            opened = self.headers.get("Authorization") == "Bearer opens-userinfo"
            known = {
                "/.well-known/openid-configuration": identity.document(),
                "/keys": identity.keys(),
                "/userinfo": identity.person | identity.userinfo if opened else None,
            }
            self._tell(known.get(parts.path))

        def do_POST(self) -> None:
            identity.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            posted = {name: values[0] for name, values in parse_qs(body).items()}
            self._tell(identity.token(posted, self.headers.get("Authorization", "")))

        def _tell(self, told: Claims | None) -> None:
            body = json.dumps(told or {"error": "invalid_grant"}).encode()
            self.send_response(200 if told else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
            pass

    return Door

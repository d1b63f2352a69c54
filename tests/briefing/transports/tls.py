"""Certificates for servers on this machine, signed by an authority that lives for one test."""

import ssl

import trustme


def with_certificate(authority: trustme.CA, host: str = "localhost") -> ssl.SSLContext:
    """Return a server's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """Return a client's context that verifies as the real one does, but knows this authority alone."""
    return ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())

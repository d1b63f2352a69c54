"""Debian's Postfix on this machine, for one test: its own folder, its own port, nothing of /etc.

`running` needs root, because Postfix gives its processes to its own user; `sink` does not.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

POSTFIX = shutil.which("postfix", path="/usr/sbin:/usr/local/sbin")
SINK = shutil.which("smtp-sink", path="/usr/sbin:/usr/local/sbin")

_START_SECONDS = 30
_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_SETTINGS = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = /dev/stdout
myhostname = relay.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
alias_maps =
local_recipient_maps =
relayhost = [127.0.0.1]:{relay_port}
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
in_flow_delay = 0
smtpd_tls_chain_files = {folder}/server.pem
smtpd_tls_security_level = {tls}
smtpd_recipient_restrictions = check_recipient_access inline:{{ {refusals} }}, permit_mynetworks, reject
"""
# What comes back to this domain is delivered into one Maildir, whatever stands before the @.
_MAILBOX = """\
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:mailbox/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
delay_warning_time = 1s
"""


@dataclass(frozen=True)
class Relay:
    """A Postfix that takes mail on `port` and hands it on to the server it was given."""

    port: int
    folder: Path

    @property
    def mailbox(self) -> Path:
        """The Maildir of the domain that is its own."""
        return self.folder / "mailbox"


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return int(holder.getsockname()[1])


@contextmanager
def running(
    *,
    relay_port: int,
    certificate: bytes,
    tls: str = "may",
    refusals: dict[str, str],
    mailbox_domain: str = "",
) -> Iterator[Relay]:
    """Run a Postfix that refuses some recipients, with words of ours; it keeps one domain's mail."""
    assert POSTFIX
    # Not pytest's own folder: Postfix's user must be able to walk down to it.
    folder = Path(tempfile.mkdtemp(prefix="briefing-postfix-"))
    folder.chmod(0o755)
    port = free_port()
    words = ", ".join(f"{{ {address} = {answer} }}" for address, answer in refusals.items())
    (folder / "server.pem").write_bytes(certificate)
    (folder / "master.cf").write_text(_SERVICES.format(port=port), "ascii")
    settings = _SETTINGS.format(folder=folder, relay_port=relay_port, tls=tls, refusals=words)
    if mailbox_domain:
        (folder / "mailbox").mkdir()
        shutil.chown(folder / "mailbox", "postfix", "postfix")
        user = (folder / "mailbox").stat()
        settings += _MAILBOX.format(
            folder=folder, domain=mailbox_domain, uid=user.st_uid, gid=user.st_gid
        )
    (folder / "main.cf").write_text(settings, "ascii")
    (folder / "queue").mkdir()
    (folder / "data").mkdir()
    shutil.chown(folder / "data", "postfix", "postfix")
    log = folder / "log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            [POSTFIX, "-c", str(folder), "start-fg"], stdout=stream, stderr=stream
        )
    try:
        _wait_for(port, process, log)
        yield Relay(port, folder)
    finally:
        subprocess.run([POSTFIX, "-c", str(folder), "stop"], check=False, capture_output=True)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sink(folder: Path, *options: str) -> Iterator[int]:
    """Run smtp-sink and yield its port; it writes each message into a file of `folder`."""
    assert SINK
    port = free_port()
    # As root it insists on becoming somebody.
    user = ["-u", "root"] if os.geteuid() == 0 else []
    command = [SINK, *user, *options, "-d", f"{folder}/", f"127.0.0.1:{port}", "200"]
    log = folder.with_suffix(".log")
    with log.open("w") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        _wait_for(port, process, log)
        yield port
    finally:
        process.kill()
        process.wait()


def sunk(folder: Path) -> dict[str, bytes]:
    """Return recipient -> message of everything that a sink wrote down."""
    found: dict[str, bytes] = {}
    for path in folder.iterdir():
        head, message = re.split(rb"(?<=\n)(?=From: )", path.read_bytes(), maxsplit=1)
        (recipient,) = re.findall(rb"X-Rcpt-Args: <([^>]*)>", head)
        assert recipient.decode() not in found, "somebody was written to twice"
        found[recipient.decode()] = message
    return found


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)  # another process begins to listen
    raise AssertionError(f"it did not start: {log.read_text('utf-8')}")

"""A pytest plugin, loaded before Django's settings: the test copy's keys and its own folder."""

import os
import tempfile

os.environ["MODE"] = "test"
os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-that-protects-nothing-at-all-0123456789")
os.environ.setdefault("LINK_KEYS", "1:tests-only-link-key-0123456789abcdef")
os.environ.setdefault("SUPPRESSION_KEYS", "1:tests-only-suppression-key-0123456789")
# Each test run, and each parallel worker of it, has its own folder for media and files.
os.environ["LOCAL_DIR"] = tempfile.mkdtemp(prefix="briefing-tests-")

"""What pages may load and do, by path: the content policies. Values only, read by the settings too."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

# Everybody's pages: their own files, and nothing inline.
PUBLIC = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],
    "manifest-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}

# docs/decisions/0003-desk-content-policy.md gives the reasons, line by line.
DESK = {
    # django-unfold's Alpine.js evaluates the expressions in its own attributes.
    "script-src": [SELF, UNSAFE_EVAL],
    # Style attributes, which unfold's scripts write; no style elements.
    "style-src-attr": [UNSAFE_INLINE],
    "img-src": [SELF, "data:", "blob:"],
    # The preview of a mail, which has a stricter policy of its own.
    "frame-src": [SELF],
}

# allauth draws the secret of an authenticator app as a data: picture, and that is all.
ACCOUNT = {"img-src": [SELF, "data:"]}

"""Pictures of a copy that has no web server in front of it; decision 0011 says why it is here."""

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from briefing.archive import pictures

_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponseBase:
    """Serve one stored picture. Its name holds its hash, so it may be kept for ever."""
    suffix = name.rpartition(".")[2]
    # Only what `pictures` has made is served: an upload that somehow came in otherwise is not.
    if suffix not in _TYPES or not pictures.is_made_here(name):
        raise Http404
    try:
        file = default_storage.open(name)
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, content_type=_TYPES[suffix])
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response

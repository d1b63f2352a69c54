"""Serves the cards that social networks show, drawn when the first of them asks."""

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from briefing.archive import cards, reading

_DEFAULT = "cards/nameplate.jpg"


@require_safe
def site(request: HttpRequest) -> HttpResponseBase:
    """Serve the card of pages that have no picture."""
    return _serve(request, _DEFAULT, "")


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Serve an article's card."""
    found = reading.public().filter(slug=slug).only("image").first()
    if found is None:
        raise Http404
    picture = found.image.name or ""
    stem = picture.rpartition("/")[2].rpartition(".")[0]
    try:
        return _serve(request, f"cards/{stem}.jpg" if stem else _DEFAULT, picture)
    except FileNotFoundError:
        # A restored database whose pictures have not come back yet still says whose page it is.
        return _serve(request, _DEFAULT, "")


def _serve(request: HttpRequest, name: str, picture: str) -> HttpResponseBase:
    """Serve a card. Its stored name holds the picture's, so a new picture gets a new card."""
    if not default_storage.exists(name):
        raw = None
        if picture:
            with default_storage.open(picture) as file:
                raw = file.read()
        default_storage.save(name, ContentFile(cards.draw(raw)))
    etag = f'"{name}"'
    response = get_conditional_response(request, etag=etag) or FileResponse(
        default_storage.open(name), content_type="image/jpeg"
    )
    response["Cache-Control"] = "public, max-age=86400"
    response["ETag"] = etag
    return response

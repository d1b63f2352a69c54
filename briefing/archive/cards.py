"""Draws the card that social networks show for a page: the article's picture over the nameplate."""

import io
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from imagekit.processors import ResizeToFill
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 1200, 630

# The light scheme of tokens.css: a card has no dark one.
_PAPER, _INK, _ACCENT = "#fcfcfb", "#16191d", "#b8300a"
_BAR = 104
_RULE = 6
_MARGIN = 48
_PLATE_IN_BAR = 500
_PLATE_ALONE = 900


def draw(picture: bytes | None) -> bytes:
    """Return the card as a JPEG: with the picture, or with the nameplate alone."""
    card = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    if picture is None:
        _place_alone(card)
    else:
        _place_under(card, picture)
    out = io.BytesIO()
    card.save(out, "JPEG", quality=86, optimize=True)
    return out.getvalue()


def _place_under(card: Image.Image, picture: bytes) -> None:
    top = HEIGHT - _BAR
    with Image.open(io.BytesIO(picture)) as image:
        filled = ResizeToFill(WIDTH, top).process(image.convert("RGB"))
    card.paste(filled, (0, 0))
    ImageDraw.Draw(card).rectangle((0, top, WIDTH, top + _RULE - 1), fill=_ACCENT)
    plate = _plate(_PLATE_IN_BAR)
    _ink(card, plate, (_MARGIN, top + _RULE + (_BAR - _RULE - plate.height) // 2))


def _place_alone(card: Image.Image) -> None:
    plate = _plate(_PLATE_ALONE)
    left = (WIDTH - plate.width) // 2
    top = (HEIGHT - plate.height) // 2
    _ink(card, plate, (left, top - _MARGIN // 2))
    below = top + plate.height
    ImageDraw.Draw(card).rectangle((left, below, left + plate.width, below + _RULE), fill=_ACCENT)


def _ink(card: Image.Image, plate: Image.Image, place: tuple[int, int]) -> None:
    card.paste(_INK, (*place, place[0] + plate.width, place[1] + plate.height), plate)


@lru_cache(maxsize=2)
def _plate(width: int) -> Image.Image:
    """Return the nameplate as a mask. It is a picture because no font comes with the project."""
    path = finders.find("briefing/img/nameplate.png")
    with Image.open(Path(str(path))) as image:
        mask = image.getchannel("A")
    return mask.resize((width, round(mask.height * width / mask.width)), Image.Resampling.LANCZOS)

"""Takes pictures in: decoded and encoded again, without what cameras write into them, in fixed sizes.

A stored name tells everything a page needs: `articles/stem-1f2e3d4c-1600x900.png` is the picture,
`articles/stem-1f2e3d4c-1600x900.w800.webp` the same 800 pixels wide. The name holds a hash of the
picture, so an address never changes what it shows and may be cached for ever, in mails too.
"""

import hashlib
import io
import math
import re
import warnings
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.utils.translation import gettext as _
from imagekit.processors import ResizeToFit
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 25_000_000
# The widths that pages offer to browsers, and the one JPEG that every mail client can show.
WIDTHS = (480, 800, 1200, 1600)
MAIL_WIDTH = 1200

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_NAME = re.compile(r"(?P<stem>.+-[0-9a-f]{8}-(?P<width>\d+)x(?P<height>\d+))\.(?:jpg|png|webp)")
_RENDITION = re.compile(r"\.w(?P<width>\d+)\.(?P<suffix>webp|jpg)")


class PictureError(ValueError):
    """The file cannot be taken as a picture; the message says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One stored size of a picture."""

    name: str
    width: int


def take(raw: bytes, *, stem: str) -> tuple[str, bytes]:
    """Return the name and the bytes under which to store a picture.

    Raises: PictureError when it is no JPEG, PNG, WebP or GIF, is damaged, or too large.
    """
    check_bytes(len(raw))
    image, encoding = _decode(raw)
    out = io.BytesIO()
    if encoding == "JPEG":
        image.save(out, "JPEG", quality=88, optimize=True, progressive=True)
    elif encoding == "WEBP":
        image.save(out, "WEBP", quality=88, method=5)
    else:
        image.save(out, "PNG", optimize=True)
    suffix = {"JPEG": "jpg", "WEBP": "webp"}.get(encoding, "png")
    digest = hashlib.sha256(out.getvalue()).hexdigest()[:8]
    return f"{stem}-{digest}-{image.width}x{image.height}.{suffix}", out.getvalue()


def check_bytes(size: int) -> None:
    """Refuse a file by its size alone, before it is in memory. Raises: PictureError."""
    if size > MAX_BYTES:
        raise PictureError(
            _("it has %(size)d MB; at most 10 MB are taken") % {"size": math.ceil(size / 1048576)}
        )


def _decode(raw: bytes) -> tuple[Image.Image, str]:
    """Return a picture that carries nothing but its pixels, and the encoding it came in."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(raw), formats=_FORMATS)
            if opened.width * opened.height > MAX_PIXELS:
                raise PictureError(_("it has more than 25 megapixels"))
            encoding = str(opened.format)
            upright = ImageOps.exif_transpose(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(_("it has more than 25 megapixels")) from error
    except UnidentifiedImageError as error:
        raise PictureError(_("it is not a JPEG, PNG, WebP or GIF picture")) from error
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(_("it is damaged and cannot be read to its end")) from error
    image = _in_srgb(upright)
    image.info = {}
    return image, encoding


def _in_srgb(image: Image.Image) -> Image.Image:
    """Return the picture in the colours that browsers and mail clients assume."""
    transparent = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    profile = image.info.get("icc_profile")
    if image.mode == "P" and not transparent:
        # A drawing of few colours stays one: it is a third of the size.
        return image.copy()
    plain = image.convert("RGBA" if transparent else "RGB")
    if profile and not transparent:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            return plain  # A broken profile is ignored, as browsers do.
        return converted or plain
    return plain


def size(name: str) -> tuple[int, int] | None:
    """Return width and height as the stored name tells them."""
    match = _NAME.fullmatch(name)
    return (int(match["width"]), int(match["height"])) if match else None


def is_made_here(name: str) -> bool:
    """Whether the name is one that `take` or `make_renditions` gives."""
    return _NAME.fullmatch(_RENDITION.sub(".webp", name)) is not None


def renditions(name: str) -> list[Rendition]:
    """Return the sizes that a stored picture is offered in, narrowest first."""
    match = _NAME.fullmatch(name)
    if match is None:
        return []
    full = int(match["width"])
    widths = [width for width in WIDTHS if width < full] + [min(full, WIDTHS[-1])]
    return [Rendition(f"{match['stem']}.w{width}.webp", width) for width in widths]


def mail_name(name: str) -> str:
    """Return the name of the JPEG for mail: not every client shows WebP."""
    match = _NAME.fullmatch(name)
    return f"{match['stem']}.w{MAIL_WIDTH}.jpg" if match else name


def make_renditions(name: str, storage: Storage = default_storage) -> None:
    """Store every size of a picture that is not there yet. Safe to run twice: names are content."""
    if size(name) is None:
        return
    names = (*(each.name for each in renditions(name)), mail_name(name))
    lacking = [target for target in names if not storage.exists(target)]
    if not lacking:
        return
    with storage.open(name) as source, Image.open(source) as opened:
        picture = _in_full_colour(opened)
    for target in lacking:
        storage.save(target, ContentFile(_resize(picture, target)))


def _in_full_colour(picture: Image.Image) -> Image.Image:
    """Return it as it can be scaled; four channels take twice the time of three, so only if needed."""
    if picture.mode == "P":
        return picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    return picture.copy()


def _resize(picture: Image.Image, target: str) -> bytes:
    match = _RENDITION.search(target)
    if match is None:
        raise ValueError(f"{target} is not the name of a rendition")
    scaled = ResizeToFit(width=int(match["width"]), upscale=False).process(picture)
    out = io.BytesIO()
    if match["suffix"] == "webp":
        scaled.save(out, "WEBP", quality=82, method=5)
    else:
        _on_white(scaled).save(out, "JPEG", quality=84, optimize=True)
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    """Return it without transparency, which JPEG does not know; mail is read on white."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper

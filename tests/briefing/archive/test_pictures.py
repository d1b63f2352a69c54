"""Pictures come in clean, in every size, or not at all."""

import io
import struct
import zlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from PIL import Image

from briefing.archive import pictures


def declared(width: int, height: int) -> bytes:
    """Return a PNG that says how large it is and has no pixels: it must be refused unread."""
    raw = bytearray(encoded(Image.new("L", (1, 1)), "PNG"))
    raw[16:24] = struct.pack(">II", width, height)
    raw[29:33] = struct.pack(">I", zlib.crc32(raw[12:29]))
    return bytes(raw)


def encoded(image: Image.Image, encoding: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, encoding, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("encoding", "suffix"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "png")]
)
def test_the_four_encodings_are_taken(encoding: str, suffix: str) -> None:
    name, content = pictures.take(encoded(Image.new("RGB", (40, 30)), encoding), stem="a/b")
    assert name.startswith("a/b-")
    assert name.endswith(f"-40x30.{suffix}")
    assert Image.open(io.BytesIO(content)).size == (40, 30)


def test_what_a_camera_wrote_is_gone_and_the_picture_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: the camera was held on its side.
    exif[0x010E] = "the photographer's kitchen"
    raw = encoded(Image.new("RGB", (40, 30)), "JPEG", exif=exif, comment=b"home")
    name, content = pictures.take(raw, stem="a")
    clean = Image.open(io.BytesIO(content))
    assert clean.size == (30, 40) == pictures.size(name)
    assert not clean.getexif()
    assert b"kitchen" not in content
    assert b"home" not in content


def test_a_drawing_of_few_colours_and_transparency_are_kept() -> None:
    _, drawing = pictures.take(encoded(Image.new("P", (9, 9)), "PNG"), stem="a")
    _, glass = pictures.take(encoded(Image.new("RGBA", (9, 9), (0, 0, 0, 9)), "PNG"), stem="a")
    assert Image.open(io.BytesIO(drawing)).mode == "P"
    assert Image.open(io.BytesIO(glass)).mode == "RGBA"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG"),
        (encoded(Image.new("RGB", (9, 9)), "BMP"), "not a JPEG"),
        (declared(5001, 5000), "25 megapixels"),
        (declared(12000, 12000), "25 megapixels"),
        (b"\xff" * (pictures.MAX_BYTES + 1), "10 MB"),
    ],
    ids=["nothing", "svg", "bmp", "too many pixels", "a bomb", "too many bytes"],
)
def test_anything_else_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(pictures.PictureError, match=reason):
        pictures.take(raw, stem="a")


def test_a_picture_cut_short_is_refused() -> None:
    raw = encoded(Image.effect_noise((300, 300), 90), "PNG")
    with pytest.raises(pictures.PictureError, match="damaged"):
        pictures.take(raw[: len(raw) // 2], stem="a")


def test_the_sizes_are_made_once_and_never_larger_than_the_picture() -> None:
    storage = InMemoryStorage()
    name, content = pictures.take(encoded(Image.new("RGB", (1000, 500)), "PNG"), stem="a")
    storage.save(name, ContentFile(content))
    pictures.make_renditions(name, storage)
    pictures.make_renditions(name, storage)
    sizes = {}
    for each in pictures.renditions(name):
        with storage.open(each.name) as file:
            sizes[each.width] = Image.open(file).size
    assert sizes == {480: (480, 240), 800: (800, 400), 1000: (1000, 500)}
    with storage.open(pictures.mail_name(name)) as file:
        mail = Image.open(file)
        assert (mail.format, mail.size) == ("JPEG", (1000, 500))
    assert len(storage.listdir("")[1]) == 5


def test_a_name_that_was_not_made_here_has_no_sizes() -> None:
    assert pictures.size("articles/photo.jpg") is None
    assert pictures.renditions("articles/photo.jpg") == []
    assert pictures.mail_name("articles/photo.jpg") == "articles/photo.jpg"

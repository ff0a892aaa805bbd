"""What the text recogniser takes and gives: a picture of one line of text to numbers, and probabilities to text. numpy and Pillow only."""

import os

import numpy as np
from PIL import Image, ImageDraw, ImageFont

MODEL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), ".cache", "models", "ch_PP-OCRv4_rec_infer.onnx")
HEIGHT = 48
FONTS = {"chinese": "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"}


def prepare(picture, width=None):
    """[3, 48, width] in -1..1, blue first, from a picture of any size; padded with 0 on the right up to `width`."""
    picture = picture.convert("RGB")
    wide = max(1, round(picture.width * HEIGHT / picture.height))
    pixels = np.asarray(picture.resize((wide, HEIGHT), Image.Resampling.BILINEAR), np.float32)
    values = np.ascontiguousarray((pixels[:, :, ::-1] / 255 - 0.5).transpose(2, 0, 1) / 0.5)
    return np.pad(values, ((0, 0), (0, 0), (0, max(0, (width or 0) - wide))))


def alphabet(metadata):
    """The characters of the classes, from the model's metadata under `character`: class 0 is blank, the last is a space."""
    return [""] + metadata.split("\n") + [" "]


def decode(probabilities, characters):
    """The text of one row of [time, classes]: the best class of each step, repeats taken once, blanks dropped."""
    best = probabilities.argmax(-1)
    return "".join(characters[c] for i, c in enumerate(best) if c and (i == 0 or c != best[i - 1]))


def render(text, size=36, margin=8, ink=(20, 20, 60), paper=(250, 248, 240), font=None):
    """A picture of `text` in Pillow's own font, or in the font named in FONTS."""
    face = ImageFont.truetype(FONTS[font], size) if font else ImageFont.load_default(size)
    left, top, right, bottom = face.getbbox(text)
    picture = Image.new("RGB", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin), paper)
    ImageDraw.Draw(picture).text((margin - left, margin - top), text, ink, face)
    return picture

"""A fitted model of items as bytes, and back: what a nightly fit leaves for the program that answers."""

import io
import zipfile

import numpy as np

from core.recommendations.arrays import Singles
from core.recommendations.decay import Decay
from core.recommendations.items import ItemModel

VERSION = 1
"""Of the form; raised when it changes, so that an older program does not misread a newer model, or the reverse."""
NOTHING = -1.0


class OtherVersionError(Exception):
    """The bytes are of another version, or no model at all: fit anew."""


def packed(model: ItemModel) -> bytes:
    """The model as an archive of arrays; nothing in it is ever executed."""
    out = io.BytesIO()
    numbers = (model.decay.steps, model.decay.days, model.decay.liking)
    nothing: Singles = np.empty((0, 0), np.float32)
    np.savez(
        out,
        version=np.array(VERSION),
        weights=model.weights,
        prior=model.prior,
        together=model.together,
        onward=nothing if model.onward is None else model.onward,
        decay=np.array([NOTHING if each is None else each for each in numbers]),
        aside=np.array(model.aside),
    )
    return out.getvalue()


def unpacked(raw: bytes) -> ItemModel:
    """The model again; raises `OtherVersionError`."""
    try:
        parts = np.load(io.BytesIO(raw), allow_pickle=False)
        if int(parts["version"]) != VERSION:
            raise OtherVersionError(f"version {int(parts['version'])}, not {VERSION}")
        steps, days = (None if each == NOTHING else float(each) for each in parts["decay"][:2])
        return ItemModel(
            weights=parts["weights"],
            prior=parts["prior"],
            together=parts["together"],
            onward=parts["onward"] if parts["onward"].size else None,
            decay=Decay(steps, days, float(parts["decay"][2])),
            aside=int(parts["aside"]),
        )
    except (LookupError, ValueError, EOFError, OSError, TypeError, zipfile.BadZipFile) as error:
        raise OtherVersionError("no model") from error

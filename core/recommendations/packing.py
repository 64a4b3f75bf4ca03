"""What a fit leaves as bytes, and back: what a night's work hands to the programs that answer."""

import io
import zipfile
import zlib

import numpy as np

from core.recommendations.arrays import Singles
from core.recommendations.decay import Decay
from core.recommendations.handover import Handover
from core.recommendations.items import ItemModel
from core.recommendations.trained import Trained

VERSION = 2
"""Of the form; raised when it changes, so that an older program does not misread a newer model, or the reverse."""
NOTHING = -1.0


class OtherVersionError(Exception):
    """The bytes are of another version, or no model at all: fit anew."""


def packed(trained: Trained) -> bytes:
    """All of it as an archive of arrays; nothing in it is ever executed."""
    out = io.BytesIO()
    model = trained.model
    numbers = (model.decay.steps, model.decay.days, model.decay.liking)
    nothing: Singles = np.empty((0, 0), np.float32)
    np.savez_compressed(
        out,
        version=np.array(VERSION),
        ids=trained.ids,
        weights=model.weights,
        prior=model.prior,
        together=model.together,
        onward=nothing if model.onward is None else model.onward,
        decay=np.array([NOTHING if each is None else each for each in numbers]),
        aside=np.array(model.aside),
        handover=np.array((trained.handover.taken, trained.handover.share), dtype=np.float64),
        ndcg=np.array(trained.handover.ndcg, dtype=np.float64),
        standing=trained.standing,
    )
    return out.getvalue()


def unpacked(raw: bytes) -> Trained:
    """All of it again; raises `OtherVersionError`."""
    try:
        parts = np.load(io.BytesIO(raw), allow_pickle=False)
        if int(parts["version"]) != VERSION:
            raise OtherVersionError(f"version {int(parts['version'])}, not {VERSION}")
        steps, days = (None if each == NOTHING else float(each) for each in parts["decay"][:2])
        model = ItemModel(
            weights=parts["weights"],
            prior=parts["prior"],
            together=parts["together"],
            onward=parts["onward"] if parts["onward"].size else None,
            decay=Decay(steps, days, float(parts["decay"][2])),
            aside=int(parts["aside"]),
        )
        taken, share = parts["handover"].tolist()
        handover = Handover(tuple(int(each) for each in taken), tuple(share), tuple(parts["ndcg"].tolist()))
        return Trained(parts["ids"], model, handover, parts["standing"])
    except (LookupError, ValueError, EOFError, OSError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise OtherVersionError("no model") from error

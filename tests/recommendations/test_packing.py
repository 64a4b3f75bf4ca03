"""A model that was packed answers as before; what is none is refused."""

import io

import numpy as np
import pytest

from core.recommendations import blend
from core.recommendations.blend import Onward, Settings
from core.recommendations.decay import Decay
from core.recommendations.packing import VERSION, OtherVersionError, packed, unpacked
from tests.recommendations.communities import two_camps


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(onward=Onward(3, 0.5, 1.0, 0.2), onward_share=1.0, decay=Decay(2.0, None, 0.5), aside=1),
    ],
)
def test_a_model_comes_back_as_it_was(settings: Settings) -> None:
    community = two_camps(40)
    model = blend.fit(community, settings)
    again = unpacked(packed(model))
    for history in community.histories():
        assert again.recommend(history) == model.recommend(history)


def test_other_bytes_are_refused() -> None:
    whole = packed(blend.fit(two_camps(10)))
    newer = io.BytesIO()
    np.savez(newer, version=np.array(VERSION + 1))
    numbers = io.BytesIO()
    np.save(numbers, np.arange(3))
    for raw in (b"", b"model", whole[: len(whole) // 2], newer.getvalue(), numbers.getvalue()):
        with pytest.raises(OtherVersionError):
            unpacked(raw)

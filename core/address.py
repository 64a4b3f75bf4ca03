"""Where a person can be reached. One user may have several addresses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """An account on a platform; the id is opaque outside the platform's adapter and carries workspace or bot."""

    platform: str
    id: str

    def __str__(self) -> str:
        """Write it as the configuration does: `console:ana`."""
        return f"{self.platform}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `platform:id`; raises ValueError where there is no colon."""
        platform, colon, id_ = text.strip().partition(":")
        if not (platform and colon and id_):
            msg = f"{text!r} is not an address; write platform:id, for example console:ana"
            raise ValueError(msg)
        return cls(platform, id_)

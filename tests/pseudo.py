"""A locale that nobody speaks: every literal text of a template in accents and brackets.

What shows without brackets in a rendered message did not come from the catalogue.
"""

import re

_ACCENTS = str.maketrans("aceinosuyzACEINOSUYZ", "àçéîñöšûýžÀÇÉÎÑÖŠÛÝŽ")
_APART = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<[^<>]*>|&#?\w+;)", re.DOTALL)
_FORMS = re.compile(r"""(?<=plural\()[^)]*(?=\))|^\{\{\s*"[^"]*"(?=\s*if\b)|\belse\s*"[^"]*"\s*\}\}$""")
_LITERAL = re.compile(r'"([^"]*)"')


def pseudo(template: str) -> str:
    """Give the template in the pseudo-locale: tags, expressions and references stay."""
    parts = _APART.split(template)
    return "".join(_expression(part) if at % 2 else _bracketed(part) for at, part in enumerate(parts))


def _expression(part: str) -> str:
    """Change the texts that an expression chooses from: the forms of a plural, both sides of an `if`."""
    if not part.startswith("{{"):
        return part
    return _FORMS.sub(lambda forms: _LITERAL.sub(lambda text: f'"{_bracketed(text[1])}"', forms[0]), part)


def _bracketed(text: str) -> str:
    words = text.strip()
    return text.replace(words, f"⟦{words.translate(_ACCENTS)}⟧") if words else text

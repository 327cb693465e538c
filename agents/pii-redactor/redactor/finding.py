"""What a detector reports, and how overlapping reports are settled."""

import re
from dataclasses import dataclass

# How far before a number we look for a word such as "Aadhaar" that says what it is.
CONTEXT_CHARS = 40


@dataclass(frozen=True)
class Finding:
    """One identifier in the text.

    `start` and `end` are code point offsets, `end` exclusive. `value` is the normalised
    identifier: two spellings of the same phone number have the same value.
    """

    kind: str
    start: int
    end: int
    confidence: float
    value: str


# Below the default threshold: kept in the text unless the caller asks for doubtful ones too.
DOUBTFUL = 0.4
# "order no. ", "UTR: ", "tracking #" at the very end of what precedes a number.
NAMED_OTHERWISE = re.compile(
    r"(?<![^\W_])(?:order|invoice|bill|receipt|ref|reference|tracking|awb|shipment|ticket|booking"
    r"|pnr|txn|transaction|utr|rrn|batch|serial|sku|isbn|imei)"
    r"[ ]?(?:no|number|num|id)?[ ]?(?:is|was)?[.:#=]{0,2}[ ]?\Z",
    re.IGNORECASE,
)


def resolve(candidates, text_length):
    """Chooses among overlapping candidates and returns the rest in text order.

    The rule: the longest wins; of equal length the more certain; then the earlier.
    So a phone number inside an e-mail address is part of the address.
    """
    taken = bytearray(text_length)
    chosen = []
    for candidate in sorted(
        candidates, key=lambda c: (c.start - c.end, -c.confidence, c.start, c.kind)
    ):
        if any(taken[candidate.start : candidate.end]):
            continue
        taken[candidate.start : candidate.end] = b"\x01" * (candidate.end - candidate.start)
        chosen.append(candidate)
    return sorted(chosen, key=lambda c: c.start)


def context_pattern(*words):
    """A pattern for whole words, to be used with `has_context`."""
    return re.compile(r"(?<![^\W_])(?:" + "|".join(words) + r")(?![^\W_])", re.IGNORECASE)


def has_context(text, start, pattern):
    """Whether one of the pattern's words stands shortly before `start`."""
    return pattern.search(text, max(0, start - CONTEXT_CHARS), start) is not None


def is_named_otherwise(text, start):
    """Whether the words right before `start` say that the number is, say, an order's."""
    return NAMED_OTHERWISE.search(text[max(0, start - CONTEXT_CHARS) : start]) is not None


def ascii_digits(text):
    """The digits of `text` as 0-9, whatever script they are written in; the rest is dropped."""
    return "".join(str(int(char)) for char in text if char.isdecimal())

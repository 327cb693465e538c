"""Payment card numbers: a known network's prefix and length, and the Luhn check digit."""

import re

from redactor.checksums import luhn
from redactor.finding import (
    DOUBTFUL,
    Finding,
    ascii_digits,
    context_pattern,
    has_context,
    is_named_otherwise,
)

# As printed on cards (4-4-4-4, with 3 more on some; 4-6-5 or 4-6-4), or in one run. Looked for
# at every position, since a number before it may otherwise take the first group away.
CARD = re.compile(
    r"(?<![^\W_])(?<!\d[.,])(?=("
    r"\d{14,19}"
    r"|\d{4}([ \u00a0\-.])\d{4}\2\d{4}\2\d{4}(?:\2\d{3})?"
    r"|\d{4}([ \u00a0\-.])\d{6}\3\d{4,5}"
    r")(?![^\W_]))"
)
CONTEXT = context_pattern(
    "card", "cards", "credit", "debit", "visa", "mastercard", "rupay", "amex", "maestro"
)

# First and last prefix of a range (equally long), and the lengths issued in it.
NETWORKS = (
    ("4", "4", (16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),  # Mastercard
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),  # American Express
    ("300", "305", (14,)),  # Diners Club
    ("36", "36", (14,)),  # Diners Club
    ("38", "39", (14, 16)),  # Diners Club
    ("353", "353", (16,)),  # RuPay with JCB
    ("356", "356", (16,)),  # RuPay with JCB
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("508", "508", (16,)),  # RuPay
    ("60", "60", (16,)),  # RuPay, Discover
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("644", "649", (16, 19)),  # Discover
    ("65", "65", (16, 19)),  # RuPay, Discover
    ("81", "82", (16,)),  # RuPay
    ("50", "50", (16, 19)),  # Maestro
    ("56", "58", (16, 19)),  # Maestro
    ("67", "67", (16, 19)),  # Maestro
)


def find(text, kinds):
    for match in CARD.finditer(text):
        digits = ascii_digits(match.group(1))
        if not is_issued(digits) or not luhn(digits):
            continue
        if has_context(text, match.start(1), CONTEXT):
            confidence = 0.99
        else:
            plain = match.group(1).isdecimal()
            doubtful = plain and is_named_otherwise(text, match.start(1))
            confidence = DOUBTFUL if doubtful else 0.9
        yield Finding("card", match.start(1), match.end(1), confidence, digits)


def is_issued(digits):
    return any(
        len(digits) in lengths and first <= digits[: len(first)] <= last
        for first, last, lengths in NETWORKS
    )

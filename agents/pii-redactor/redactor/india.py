"""Indian identifiers: GSTIN (tax registration), PAN (income tax), Aadhaar (person)."""

import re

from redactor.checksums import gstin_check_character, verhoeff
from redactor.finding import (
    DOUBTFUL,
    Finding,
    ascii_digits,
    context_pattern,
    has_context,
    is_named_otherwise,
)

# [^\W_] is "a letter or digit": an underscore may border an identifier, a letter may not.
# The fourth letter of a PAN says who holds it: P person, C company, H family, F firm, A and B
# associations, T trust, L local authority, J juridical person, G government.
PAN_SHAPE = r"[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]"
PAN = re.compile(r"(?<![^\W_])" + PAN_SHAPE + r"(?![^\W_])", re.IGNORECASE)
PAN_CONTEXT = context_pattern("pan", "permanent account", "income tax", "पैन")

# State code, PAN, registration number within the state, kind of registration, check character.
GSTIN = re.compile(
    r"(?<![^\W_])([0-9]{2})(" + PAN_SHAPE + r")[1-9A-Z][CDZ][0-9A-Z](?![^\W_])", re.IGNORECASE
)
GSTIN_STATES = {f"{code:02}" for code in range(1, 39)} | {"97", "99"}

# Twelve digits, alone or 4-4-4 with one separator throughout; looked for at every position,
# since a number before it may otherwise take the first group away.
AADHAAR = re.compile(
    r"(?<![^\W_])(?<!\d[.,])(?=(\d{4}([ \u00a0\-]?)\d{4}\2\d{4})(?![^\W_]))"
)
AADHAAR_CONTEXT = context_pattern("aadhaar", "aadhar", "adhaar", "adhar", "uid", "uidai", "आधार")


def find(text, kinds):
    if kinds & {"gstin", "pan"}:
        yield from find_gstin(text, kinds)
    if "pan" in kinds:
        yield from find_pan(text)
    if "aadhaar" in kinds:
        yield from find_aadhaar(text)


def find_gstin(text, kinds):
    for match in GSTIN.finditer(text):
        value = match.group().upper()
        if match.group(1) not in GSTIN_STATES or gstin_check_character(value[:14]) != value[14]:
            continue
        if "gstin" in kinds:
            yield Finding("gstin", match.start(), match.end(), 0.99, value)
        else:
            # GSTIN may stay, but it carries its holder's PAN, and PAN may not.
            yield Finding("pan", match.start(2), match.end(2), 0.99, value[2:12])


def find_pan(text):
    for match in PAN.finditer(text):
        context = has_context(text, match.start(), PAN_CONTEXT)
        # PAN has no published check digit. In small letters only a word beside it convinces.
        if match.group().isupper():
            confidence = 0.97 if context else 0.9
        elif context:
            confidence = 0.8
        else:
            continue
        yield Finding("pan", match.start(), match.end(), confidence, match.group().upper())


def find_aadhaar(text):
    for match in AADHAAR.finditer(text):
        digits = ascii_digits(match.group(1))
        if digits[0] in "01" or not verhoeff(digits):
            continue
        if has_context(text, match.start(1), AADHAAR_CONTEXT):
            confidence = 0.99
        elif match.group(2):
            confidence = 0.9
        else:
            # One number in ten passes the check by chance, and orders have numbers too.
            confidence = DOUBTFUL if is_named_otherwise(text, match.start(1)) else 0.7
        yield Finding("aadhaar", match.start(1), match.end(1), confidence, digits)

"""Phone numbers: international ones with their country code, and Indian ones without."""

import re

from redactor.finding import (
    DOUBTFUL,
    Finding,
    ascii_digits,
    context_pattern,
    has_context,
    is_named_otherwise,
)

CONTEXT = context_pattern(
    "phone", "ph", "mobile", "mob", "tel", "telephone", "cell", "call", "contact", "whatsapp",
    "sms", "fax", "landline", "फ़ोन", "फोन", "मोबाइल",
)  # fmt: skip

# A plus and up to seven groups of digits. "(0)" is the trunk zero some write after the country
# code; it is not dialled. Every repetition is bounded, so the search is linear.
INTERNATIONAL = re.compile(
    r"(?<![^\W_])(?:\(\+\d{1,3}\)|\+\(?\d{1,15}\)?)(?:[ \u00a0./\-]{0,2}(?:\(0\)|\(?\d{1,12}\)?)){0,7}"
)
GROUP = re.compile(r"\(0\)|\d+")
MAX_DIGITS = 15

ONE_DIGIT_CODES = {"1", "7"}
TWO_DIGIT_CODES = set(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 "
    "65 66 81 82 84 86 90 91 92 93 94 95 98".split()
)
# Every assigned three-digit code begins with one of these.
THREE_DIGIT_PREFIXES = set("21 22 23 24 25 26 29 35 37 38 42 50 59 67 68 69 80 85 87 88 96 97 99".split())
# Shortest and longest number after the country code, where the plan is strict.
NATIONAL_LENGTHS = {
    "1": (10, 10), "7": (10, 10), "33": (9, 9), "34": (9, 9), "44": (9, 10), "61": (9, 9),
    "65": (8, 8), "81": (9, 10), "86": (10, 11), "91": (10, 10), "92": (9, 10), "94": (9, 9),
    "852": (8, 8), "880": (8, 10), "966": (8, 9), "971": (8, 9), "977": (8, 10),
}  # fmt: skip

SEP = r"[ \u00a0.\-]"
EDGE_BEFORE = r"(?<![^\W_])(?<![+₹$€£])(?<![₹$€£] )(?<!\d[.,\-])"
EDGE_AFTER = r"(?![^\W_])(?![.,]\d)"
FIRST = "[6-9६-९]"
# Ten digits from 6 up, in the groupings people use, perhaps after 0 or 91.
INDIAN_MOBILE = re.compile(
    EDGE_BEFORE
    + rf"(?:(?:0|91){SEP}?)?(?:{FIRST}\d{{4}}{SEP}?\d{{5}}"
    + rf"|{FIRST}\d{{2}}{SEP}\d{{3}}{SEP}\d{{4}}|{FIRST}\d{{3}}{SEP}\d{{3}}{SEP}\d{{3}})"
    + EDGE_AFTER
)
# Area code with its 0, a separator, and the subscriber's number: eleven digits in all.
INDIAN_LANDLINE = re.compile(
    EDGE_BEFORE + rf"(?:\(0[1-8]\d{{1,3}}\){SEP}?|0[1-8]\d{{1,3}}{SEP})\d{{2,4}}{SEP}?\d{{4}}" + EDGE_AFTER
)


def find(text, kinds):
    for match in INTERNATIONAL.finditer(text):
        finding = international(text, match)
        if finding:
            yield finding
    for match in INDIAN_MOBILE.finditer(text):
        if has_context(text, match.start(), CONTEXT):
            confidence = 0.9
        elif not match.group().isdecimal():
            confidence = 0.7
        else:
            confidence = DOUBTFUL if is_named_otherwise(text, match.start()) else 0.6
        value = "+91" + ascii_digits(match.group())[-10:]
        yield Finding("phone", match.start(), match.end(), confidence, value)
    for match in INDIAN_LANDLINE.finditer(text):
        digits = ascii_digits(match.group())
        if len(digits) == 11:
            confidence = 0.85 if has_context(text, match.start(), CONTEXT) else 0.6
            yield Finding("phone", match.start(), match.end(), confidence, "+91" + digits[1:])


def international(text, match):
    """The longest run of whole groups that makes a number of its country, if any does."""
    digits, best = "", None
    code = None
    for group in GROUP.finditer(match.group()):
        if group.group() == "(0)" and digits:
            continue
        digits += ascii_digits(group.group())
        if len(digits) > MAX_DIGITS:
            break
        code = code or country_code(digits)
        if code is None:
            return None
        if is_national(code, digits[len(code) :]):
            end = match.start() + group.end()
            best = Finding("phone", match.start(), end, 0.95 if code == "91" else 0.9, "+" + digits)
    return best


def country_code(digits):
    """The country code at the head of the first group; it is never split by a separator."""
    if digits[:1] in ONE_DIGIT_CODES:
        return digits[:1]
    if digits[:2] in TWO_DIGIT_CODES:
        return digits[:2]
    if len(digits) >= 3 and digits[:2] in THREE_DIGIT_PREFIXES:
        return digits[:3]
    return None


def is_national(code, number):
    if code == "1" and number[:1] in ("0", "1"):
        return False
    if code == "91" and number[:1] in ("0", "1"):
        return False
    shortest, longest = NATIONAL_LENGTHS.get(code, (8 - len(code), MAX_DIGITS - len(code)))
    return shortest <= len(number) <= longest

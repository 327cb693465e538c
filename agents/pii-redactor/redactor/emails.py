"""E-mail addresses.

Grown outwards from each @ with bounded steps, so a text of a million letters without
an address costs one search for @ and no more.
"""

from redactor.finding import Finding

LOCAL_MARKS = "._%+-'"
MAX_LOCAL = 64
MAX_DOMAIN = 253
MAX_LABEL = 63
CONFIDENCE = 0.95


def find(text, kinds):
    at = text.find("@")
    while at != -1:
        start, end = local_start(text, at), domain_end(text, at)
        if start < at and end > at + 1:
            yield Finding("email", start, end, CONFIDENCE, text[start:end].lower())
        at = text.find("@", at + 1)


def local_start(text, at):
    """Where the part before @ begins; `at` itself when there is none."""
    start = at
    while start > 0 and at - start < MAX_LOCAL and is_local(text[start - 1]):
        start -= 1
    # Punctuation of the sentence around the address is not part of it.
    while start < at and text[start] in ".'-":
        start += 1
    return at if text[at - 1] == "." else start


def is_local(char):
    return char.isalnum() or char in LOCAL_MARKS


def domain_end(text, at):
    """Where the domain after @ ends; `at + 1` when there is no valid one."""
    end = at + 1
    while end < len(text) and end - at <= MAX_DOMAIN and is_domain(text[end]):
        end += 1
    # An address at the end of a sentence; "a@b.com..." ends before the first dot of the run.
    domain = text[at + 1 : end].split("..")[0].rstrip(".-")
    labels = domain.split(".")
    if len(labels) < 2 or not all(is_label(label) for label in labels):
        return at + 1
    top = labels[-1]
    if len(top) < 2 or not (top.isalpha() or top.lower().startswith("xn--")):
        return at + 1
    return at + 1 + len(domain)


def is_domain(char):
    return char.isalnum() or char in ".-"


def is_label(label):
    return 0 < len(label) <= MAX_LABEL and label[0] != "-" and label[-1] != "-"

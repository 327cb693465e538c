"""Writing the redacted text in one of the three styles."""

KEPT_CHARS = 4


def redact(text, findings, style):
    """The text with each finding replaced, and the replacements in the order of the findings."""
    pseudonyms = Pseudonyms()
    pieces, replacements, position = [], [], 0
    for finding in findings:
        original = text[finding.start : finding.end]
        if style == "mask":
            replacement = mask_email(original) if finding.kind == "email" else mask(original)
        elif style == "pseudonym":
            replacement = pseudonyms.name(finding)
        else:
            replacement = f"[{finding.kind.upper()}]"
        pieces += (text[position : finding.start], replacement)
        replacements.append(replacement)
        position = finding.end
    pieces.append(text[position:])
    return "".join(pieces), replacements


def mask(original):
    """Letters and digits become X, all but the last four; separators stay."""
    hidden = sum(char.isalnum() for char in original) - KEPT_CHARS
    masked = []
    for char in original:
        if char.isalnum() and hidden > 0:
            hidden -= 1
            char = "X"
        masked.append(char)
    return "".join(masked)


def mask_email(original):
    """The domain stays; the name goes, and its length with it."""
    return "XXXX" + original[original.rindex("@") :]


class Pseudonyms:
    """Numbers values per kind in order of appearance. Nothing can be computed back from a number."""

    def __init__(self):
        self._numbers = {}

    def name(self, finding):
        known = self._numbers.setdefault(finding.kind, {})
        number = known.setdefault(finding.value, len(known) + 1)
        return f"[{finding.kind.upper()}_{number}]"

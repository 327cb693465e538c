"""PII redactor: the handler FrameOS calls.

Reads the options, runs the detectors, settles overlaps, replaces what was found.
Values that were found never leave this agent: not in the findings, not in the log.
"""

import json

from redactor import cards, emails, india, phones
from redactor.finding import resolve
from redactor.replace import redact

KINDS = ("email", "phone", "card", "aadhaar", "pan", "gstin")
STYLES = ("label", "mask", "pseudonym")
# The platform carries at most 1 MiB of outputs; this leaves room for its envelope.
MAX_OUTPUT_BYTES = 1_000_000


def main(inputs, ctx):
    text, kinds, style, min_confidence, max_findings = read_options(inputs)

    detectors = (
        ("e-mail addresses", emails.find, {"email"}),
        ("tax and identity numbers", india.find, {"gstin", "pan", "aadhaar"}),
        ("payment cards", cards.find, {"card"}),
        ("phone numbers", phones.find, {"phone"}),
    )
    candidates = []
    for step, (title, find, offers) in enumerate(detectors):
        if offers & kinds:
            ctx.progress(step / len(detectors), f"looking for {title}")
            candidates.extend(find(text, kinds))

    findings = resolve((c for c in candidates if c.confidence >= min_confidence), len(text))
    redacted_text, replacements = redact(text, findings, style)

    counts = {kind: 0 for kind in KINDS if kind in kinds}
    for finding in findings:
        counts[finding.kind] += 1
    ctx.log(f"redacted {len(findings)} findings: {counts}")

    outputs = {
        "redacted_text": redacted_text,
        "total": len(findings),
        "counts": counts,
        "findings": [
            {
                "kind": finding.kind,
                "start": finding.start,
                "end": finding.end,
                "confidence": finding.confidence,
                "replacement": replacement,
            }
            for finding, replacement in list(zip(findings, replacements))[:max_findings]
        ],
        "findings_truncated": len(findings) > max_findings,
    }
    refuse_oversize(outputs)
    ctx.progress(1, "done")
    return outputs


def read_options(inputs):
    text = inputs["text"]
    if not isinstance(text, str):
        raise ValueError("text must be a string")
    if len(text) > MAX_OUTPUT_BYTES:
        raise ValueError(
            f"text has {len(text)} characters, over the limit of {MAX_OUTPUT_BYTES}; split it"
        )

    requested = inputs.get("kinds")
    kinds = set(KINDS if requested is None else requested)
    unknown = sorted(str(kind) for kind in kinds - set(KINDS))
    if unknown:
        raise ValueError(f"unknown kind {', '.join(unknown)}; choose from {', '.join(KINDS)}")
    if not kinds:
        raise ValueError(f"kinds is empty; leave it out or choose from {', '.join(KINDS)}")

    style = inputs.get("style", "label")
    if style not in STYLES:
        raise ValueError(f"unknown style {style}; choose from {', '.join(STYLES)}")

    return text, kinds, style, inputs.get("min_confidence", 0.5), inputs.get("max_findings", 1000)


def refuse_oversize(outputs):
    size = len(json.dumps(outputs))
    if size > MAX_OUTPUT_BYTES:
        raise ValueError(
            f"the result would be {size} bytes, over the limit of {MAX_OUTPUT_BYTES}; "
            "split the text into parts, or lower max_findings"
        )

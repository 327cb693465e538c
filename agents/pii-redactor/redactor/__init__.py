"""The parts of the PII redactor: one module per family of identifiers."""

"""Check digits: Luhn (cards), Verhoeff (Aadhaar) and the GSTIN check character.

Each function takes a whole number with its check digit and says whether it fits.
"""

BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Verhoeff: multiplication in the dihedral group D5, and the position permutations.
_D5 = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_PERMUTATIONS = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)


def luhn(digits):
    """From the right, every second digit doubled; the digit sum is a multiple of ten."""
    total = 0
    for position, char in enumerate(reversed(digits)):
        digit = int(char)
        if position % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def verhoeff(digits):
    """Catches every single wrong digit and every swap of neighbours."""
    check = 0
    for position, char in enumerate(reversed(digits)):
        check = _D5[check][_PERMUTATIONS[position % 8][int(char)]]
    return check == 0


def gstin_check_character(first_fourteen):
    """The fifteenth character: base 36, weights 1 and 2 in turn, quotient plus remainder."""
    total = 0
    for position, char in enumerate(first_fourteen):
        product = BASE36.index(char) * (1 + position % 2)
        total += product // 36 + product % 36
    return BASE36[-total % 36]

"""Codes of views, of what was modified in them, and of sides: SNOMED CT first, the older SNOMED RT beside it.

From PS3.16: CID 4010 (DX View), CID 4014 (View for Mammography), CID 4015 (View Modifier for Mammography),
CID 244 (Laterality). The abbreviations are those that technologists put on films.
"""

from __future__ import annotations

BREAST_VIEW_OF_CODE = {
    "399162004": "CC", "R-10242": "CC",
    "399368009": "MLO", "R-10226": "MLO",
    "399260004": "ML", "R-10224": "ML",
    "399352003": "LM", "R-10228": "LM",
    "399099002": "LMO", "R-10230": "LMO",
    "399192008": "XCCL", "R-1024A": "XCCL",
    "399101009": "XCCM", "R-1024B": "XCCM",
    "399196006": "FB", "R-10244": "FB",
    "399188001": "SIO", "R-102D0": "SIO",
    "441555000": "ISO", "R-40AAA": "ISO",
}  # fmt: skip

OTHER_VIEW_OF_CODE = {
    "272479007": "PA", "R-40888": "PA", "R-10214": "PA",
    "399348003": "AP", "R-10206": "AP",
    "399067008": "LAT", "R-102CD": "LAT",
    "399173006": "LL", "R-10236": "LL",
    "399198007": "RL", "R-10232": "RL",
    "399182000": "OBL", "R-102C1": "OBL",
    "399184004": "LO", "R-10238": "LO",
    "399236003": "RO", "R-10234": "RO",
    "399135007": "LAO", "R-10220": "LAO",
    "399356000": "RAO", "R-40985": "RAO",
    "399006002": "LPO", "R-10212": "LPO",
    "399038007": "RPO", "R-10210": "RPO",
    "399061009": "AX", "R-10241": "AX",
    "399110001": "TAN", "R-102C2": "TAN",
}  # fmt: skip

VIEW_OF_CODE = BREAST_VIEW_OF_CODE | OTHER_VIEW_OF_CODE

BREAST_VIEWS = frozenset(BREAST_VIEW_OF_CODE.values())

MODIFIER_OF_CODE = {
    "399163009": "M", "R-102D6": "M",
    "399055006": "S", "R-102D7": "S",
    "399209000": "ID", "R-102D5": "ID",
    "399161006": "CV", "R-102D2": "CV",
    "399011000": "AT", "R-102D1": "AT",
    "399197002": "RL", "R-102D3": "RL",
    "399226006": "RM", "R-102D4": "RM",
    "414493004": "RI", "R-102CA": "RI",
    "415670009": "RS", "R-102C9": "RS",
    "399110001": "TAN", "R-102C2": "TAN",
    "441752004": "AC", "P2-00161": "AC",
    "442580003": "AX", "R-40AB2": "AX",
    "442581004": "NP", "R-40AB3": "NP",
    "442593008": "IMF", "R-40ABE": "IMF",
}  # fmt: skip

SIDE_OF_CODE = {
    "24028007": "R", "G-A100": "R",
    "7771000": "L", "G-A101": "L",
    "51440002": "B", "G-A102": "B",
}  # fmt: skip

REGION_OF_CODE = {
    "76752008": "BREAST", "T-04000": "BREAST",
    "51185008": "CHEST", "816094009": "CHEST", "T-D3000": "CHEST",
    "72696002": "KNEE", "T-D9200": "KNEE",
    "661005": "JAW", "T-D1213": "JAW",
}  # fmt: skip
"""Of AnatomicRegionSequence, in the words of BodyPartExamined."""

VIEW_OF_WORD = {
    "LATERAL": "LAT",
    "POSTEROANTERIOR": "PA",
    "ANTEROPOSTERIOR": "AP",
    "OBLIQUE": "OBL",
    "CRANIOCAUDAL": "CC",
    "MEDIOLATERAL": "ML",
    "LATEROMEDIAL": "LM",
    "MEDIOLATERALOBLIQUE": "MLO",
}
"""What ViewPosition may spell out, without blanks and hyphens."""

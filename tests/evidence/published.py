"""Published data. BCG: Colditz et al. 1994, JAMA 271:698; Normand 1999, Stat Med 18:321, tables II
and VIII (lidocaine of Hine et al. 1989; length of stay after stroke); as metadat carries them.
"""

from __future__ import annotations

import numpy as np

from evenkeel.evidence.pooling import Study

_BCG = [
    ("Aronson 1948", 4, 119, 11, 128, 44),
    ("Ferguson & Simes 1949", 6, 300, 29, 274, 55),
    ("Rosenthal 1960", 3, 228, 11, 209, 42),
    ("Hart & Sutherland 1977", 62, 13536, 248, 12619, 52),
    ("Frimodt-Moller 1973", 33, 5036, 47, 5761, 13),
    ("Stein & Aronson 1953", 180, 1361, 372, 1079, 44),
    ("Vandiviere 1973", 8, 2537, 10, 619, 19),
    ("TPT Madras 1980", 505, 87886, 499, 87892, 13),
    ("Coetzee & Berjak 1968", 29, 7470, 45, 7232, 27),
    ("Rosenthal 1961", 17, 1699, 65, 1600, 42),
    ("Comstock 1974", 186, 50448, 141, 27197, 18),
    ("Comstock & Webster 1969", 5, 2493, 3, 2338, 33),
    ("Comstock 1976", 27, 16886, 29, 17825, 33),
]
BCG = [Study(name, a + b, c + d, a, c) for name, a, b, c, d, _ in _BCG]
LATITUDE = np.array([float(row[5]) for row in _BCG])

HINE = [
    Study(name, n1, n2, a, c)
    for name, n1, n2, a, c in [
        ("Chopra", 39, 43, 2, 1),
        ("Mogensen", 44, 44, 4, 4),
        ("Pitt", 107, 110, 6, 4),
        ("Darby", 103, 100, 7, 5),
        ("Bennett", 110, 106, 7, 3),
        ("O'Brien", 154, 146, 11, 4),
    ]
]

STROKE = [
    Study(name, n1, n2, mean1=m1, sd1=s1, mean2=m2, sd2=s2)
    for name, n1, m1, s1, n2, m2, s2 in [
        ("Edinburgh", 155, 55, 47, 156, 75, 64),
        ("Orpington-Mild", 31, 27, 7, 32, 29, 4),
        ("Orpington-Moderate", 75, 64, 17, 71, 119, 29),
        ("Orpington-Severe", 18, 66, 20, 18, 137, 48),
        ("Montreal-Home", 8, 14, 8, 13, 18, 11),
        ("Montreal-Transfer", 57, 19, 7, 52, 18, 4),
        ("Newcastle", 34, 52, 45, 33, 41, 34),
        ("Umea", 110, 21, 16, 183, 31, 27),
        ("Uppsala", 60, 30, 27, 52, 23, 20),
    ]
]

"""How good encoders are on patients they never saw.

`judging.evaluate` puts the rest in order: who is judged (`entrants`, `foreign`), what must not have reached
them (`leakage`), how (`frozen`, `fine_tune`), the intervals (`bootstrap`) and what they cannot show
(`cautions`).
"""

"""The screens of calibration, validation and drift check, and what drives them."""

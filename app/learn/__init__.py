"""The Learn room: what was read, and one button that turns it into a pretraining set."""

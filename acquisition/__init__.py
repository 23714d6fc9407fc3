"""What was shown and what was looked at: images, gaze, recordings. No Qt, no torch."""

"""What the gaze teaches: similarity graphs, pretraining sets, encoders. No Qt."""

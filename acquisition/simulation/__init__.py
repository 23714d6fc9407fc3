"""Simulators that ship: a reader, what it knows, and synthetic patches. What they make is marked as simulated."""

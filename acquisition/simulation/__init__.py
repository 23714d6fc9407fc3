"""Simulators that ship: a reader, what it knows, and synthetic patches; all they make is marked so."""

"""The demonstration: the whole chain, driven through windows as a reader would."""

"""The Gazeroom workstation: the only package that knows Qt."""

"""The commands of `gazeroom`, one file each."""

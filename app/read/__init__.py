"""The Read room: worklist, hanging, light box, marks and the recording bar."""

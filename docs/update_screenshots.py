"""Make the pictures in assets/screenshots anew from a demo's folder: `python docs/update_screenshots.py DEMO`."""

import sys
from pathlib import Path

from PIL import Image

SCREENSHOTS = Path(__file__).parent.parent / "assets" / "screenshots"
N_COLOURS = 128
"""Grey films and a dark interface need no more, and the repository stays small."""


def main(demo: Path) -> None:
    """Copy the demo's screenshots, as small as they go without a visible loss."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for source in sorted((demo / "screenshots").glob("*.png")):
        with Image.open(source) as picture:
            picture.convert("RGB").quantize(N_COLOURS).save(SCREENSHOTS / source.name, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

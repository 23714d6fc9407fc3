"""Make the pictures in assets/screenshots anew: `python docs/update_screenshots.py DEMO_FOLDER`."""

import sys
from pathlib import Path

from PIL import Image

SCREENSHOTS = Path(__file__).parent.parent / "assets" / "screenshots"


def main(demo: Path) -> None:
    """Copy the demo's screenshots, as small as they go without loss."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for source in sorted((demo / "screenshots").glob("*.png")):
        with Image.open(source) as picture:
            picture.convert("RGB").save(SCREENSHOTS / source.name, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

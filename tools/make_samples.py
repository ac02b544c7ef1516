"""Write data/samples anew: the seeded sample week, the article's excerpt, and the ground truth.

    python tools/make_samples.py [--out data/samples]

README.md there is written by hand; a test holds its numbers to truth.json.
"""

import argparse
from pathlib import Path

from mailforensics.simulation.samples import sample_files


def main() -> None:
    """Write every sample file below the folder named by --out."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("data/samples"))
    folder = parser.parse_args().out
    for name, body in sample_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


if __name__ == "__main__":
    main()

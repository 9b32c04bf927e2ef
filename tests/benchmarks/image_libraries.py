"""Why OpenCV: what finds ink in a picture takes, in three libraries (`pip install -e '.[bench]'`).

`python -m tests.benchmarks.image_libraries` times the operations of digits/handwriting/ and weighs what each library
installs: on one picture of 300x300, on one thread. OpenCV's results are the reference of the others.
"""

from importlib.metadata import distribution
from statistics import median
from time import perf_counter

import cv2
import numpy as np
from scipy import ndimage
from skimage import filters, measure, morphology, transform

SIDE = 24  # pixels, of a morphological closing

rng = np.random.default_rng(0)
LIGHT = cv2.GaussianBlur(rng.random((300, 300), np.float32), (0, 0), 3)
MASK = np.quantile(LIGHT, 0.9) < LIGHT
EIGHT = np.ones((3, 3))
SQUARE = morphology.footprint_rectangle((SIDE, SIDE), decomposition="separable")
ANGLES = np.pi / 2 + np.arange(-20, 21) * np.pi / 360

OPERATIONS = {
    "Gaussian blur": (
        lambda: cv2.GaussianBlur(LIGHT, (0, 0), 2),
        lambda: ndimage.gaussian_filter(LIGHT, 2, mode="mirror"),
        lambda: filters.gaussian(LIGHT, 2, mode="mirror"),
    ),
    "closing": (
        lambda: cv2.morphologyEx(LIGHT, cv2.MORPH_CLOSE, np.ones((SIDE, SIDE), np.uint8)),
        lambda: ndimage.grey_closing(LIGHT, (SIDE, SIDE)),
        lambda: morphology.closing(LIGHT, SQUARE),
    ),
    "edges": (
        lambda: cv2.Sobel(LIGHT, cv2.CV_32F, 1, 0),
        lambda: ndimage.sobel(LIGHT, 1, mode="mirror"),
        lambda: filters.sobel_v(LIGHT),
    ),
    "connected parts": (
        lambda: cv2.connectedComponents(MASK.astype(np.uint8), connectivity=8)[1],
        lambda: ndimage.label(MASK, EIGHT)[0],
        lambda: measure.label(MASK, connectivity=2),
    ),
    "distances": (
        lambda: cv2.distanceTransform(MASK.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE),
        lambda: ndimage.distance_transform_edt(MASK),
        lambda: ndimage.distance_transform_edt(MASK),  # scikit-image leaves it to SciPy
    ),
    "reduced to a half": (
        lambda: cv2.resize(LIGHT, (150, 150), interpolation=cv2.INTER_AREA),
        lambda: ndimage.zoom(
            ndimage.uniform_filter(LIGHT, 2, origin=-1), 0.5, order=1, mode="grid-constant", grid_mode=True
        ),
        lambda: transform.downscale_local_mean(LIGHT, (2, 2)),
    ),
    "lines": (
        lambda: cv2.HoughLines(
            MASK.astype(np.uint8), 1, np.pi / 360, 190, min_theta=ANGLES[0], max_theta=ANGLES[-1] + 1e-3
        ),
        None,
        lambda: transform.hough_line(MASK, ANGLES),
    ),
}
EXACT = ("connected parts", "distances")


def milliseconds(what) -> float:
    """The median of 21 runs, after one that warms up."""
    taken = []
    for _ in range(22):
        start = perf_counter()
        what()
        taken.append(1000 * (perf_counter() - start))
    return median(taken[1:])


def megabytes(*packages: str) -> float:
    """What packages take on disk."""
    return sum(file.locate().stat().st_size for each in packages for file in distribution(each).files or ()) / 1e6


def main() -> None:
    cv2.setNumThreads(1)
    for name in EXACT:
        reference, *others = (how() for how in OPERATIONS[name])
        assert all(np.allclose(reference > 0, other > 0) and reference.max() - other.max() < 1e-3 for other in others)
    print("| ms on a picture of 300 x 300 | OpenCV | SciPy | scikit-image |\n| --- | ---: | ---: | ---: |")
    for name, ways in OPERATIONS.items():
        print(f"| {name} | {' | '.join(f'{milliseconds(how):.2f}' if how else 'none' for how in ways)} |")
    weights = ("opencv-python-headless",), ("scipy",), ("scikit-image", "scipy")
    print(f"| MB on disk | {' | '.join(f'{megabytes(*packages):.0f}' for packages in weights)} |")


if __name__ == "__main__":
    main()

"""Allographs: the ways in which people write the ten digits, an atlas of pen strokes, drawn as MNIST's digits are.

MNIST was written in the United States. A network that has never seen other hands takes a 1 with a flag for a 7, a 7
with a bar for a 4 and an open 4 for a 9. So some of its images are replaced by the same digit drawn from the atlas.
"""

import torch
from torch import Tensor

from digits.augment import pen
from digits.augment.elastic import random_numbers, uniform

# Each line is a way to write the digit, as `pen.parse` takes it: points x,y of its strokes in hundredths of its height.
ATLAS = {
    0: [
        "35,0 8,20 2,60 22,98 48,92 62,50 52,10 32,1",  # an oval
        "35,0 10,15 0,55 20,98 45,96 63,50 52,8 30,3 | 70,-5 -4,106",  # a slash through it
        "35,0 10,18 2,60 22,98 48,92 62,50 52,10 32,1 | 50,22 14,80",  # a slash inside
        "58,4 25,2 2,50 15,97 48,97 66,50 52,12 25,8",  # begun at the top right
        "40,5 10,15 0,60 20,100 48,95 64,50 50,8 30,4 24,24 42,34 66,18",  # a loop at its end
        "20,8 0,50 14,100 46,98 62,55 50,10 26,4 8,0 -6,-8",  # a tail to the left
        "38,2 8,15 0,60 22,100 50,92 60,45 48,8 40,0 60,2 90,-6",  # joined to the next digit
        "14,12 0,60 20,100 50,95 62,50 52,14 40,2",  # open at the top
        "12,88 0,40 22,0 54,10 64,55 44,100 14,94 -2,106 76,100",  # closed at the bottom, and underlined
        "56,14 28,0 0,44 8,92 34,96 58,50 64,6 | 64,6 58,70 66,98 88,88",  # as an a
        "50,14 24,2 0,50 14,98 42,90 58,40 54,14 66,24 96,16",  # joined to the next digit, in its middle
    ],
    1: [
        "0,35 18,20 32,0 | 32,0 32,100",  # a flag
        "0,62 20,36 36,0 | 36,0 38,50 36,100",  # a long flag
        "0,85 20,45 38,0 | 38,0 42,100",  # a flag down to the line
        "0,55 40,0 | 40,0 52,100",
        "0,22 14,14 26,0 | 26,0 24,100",  # a short flag
        "-4,30 14,20 26,2 30,0 30,20 28,100",  # a round flag
        "0,30 26,0 | 26,0 26,100 | -2,100 56,100",  # a flag and a foot
        "24,0 24,100 | -2,100 50,98",  # a foot
        "0,55 28,28 44,8 36,-2 28,14 28,60 28,92 44,100",  # a loop at the top, a hook at the end
        "4,75 28,40 42,10 32,0 24,20 22,100",  # a loop at the top
        "6,30 24,8 30,0 28,50 26,90 40,100 54,88",  # a hook at the end
        "30,0 26,100 10,104",  # bent to the left
        "0,48 14,44 34,0 | 34,0 16,100",  # the stem slants
        "-22,64 12,38 40,0 | 40,0 34,100",  # a flag nearly as long as the stem
        "-34,80 8,46 40,0 | 40,0 36,100",
        "0,66 26,40 44,12 34,-2 22,16 20,70 26,98 44,96",  # a narrow loop, as an l
        "0,70 18,50 38,0 | 38,0 30,100",
        "-16,58 14,50 38,0 | 38,0 38,100 | 2,104 76,96",  # a long flag and a foot
        "0,40 26,0 | 26,0 24,100 | -22,100 74,92",  # a wide foot
    ],
    2: [
        "4,22 28,0 54,16 38,55 0,100 | 0,100 64,98",  # an angle at the foot
        "2,28 14,4 42,0 56,22 36,62 10,98 2,86 16,78 38,94 66,92",  # a loop at the foot
        "30,50 8,46 2,20 28,0 56,14 50,52 18,90 2,98 18,84 40,96 66,92",  # a loop at the top and at the foot
        "26,46 4,36 12,6 42,0 56,24 38,62 0,100 | 0,100 64,98",  # a curl at the top
        "2,16 24,0 48,14 44,46 12,92 0,98 2,80 20,76 40,94 62,104 74,90",  # a large loop, a wave at its end
        "0,10 20,2 52,4 | 52,4 34,46 0,100 | 0,100 62,100",  # as a z
        "6,16 30,0 52,20 34,60 4,96 24,90 44,98 70,86",  # a wave
        "4,24 26,0 50,18 42,54 6,100 | 6,100 44,98",  # a short foot
        "12,34 22,28 12,14 30,0 54,20 32,64 0,100 | 0,100 30,92 64,100",  # begun with a small loop
        "2,20 30,0 52,24 30,70 8,96 0,88 10,78 34,98 56,120",  # the foot descends
        "30,34 12,36 4,18 22,0 46,12 40,48 6,90 | 6,90 28,86 60,98",  # a loop at the top, nearly closed
        "34,26 20,36 6,24 20,2 44,8 44,40 20,74 0,96 20,84 56,96",
        "20,36 24,20 8,14 26,0 50,10 44,48 10,100 | 10,100 64,92",
        "24,54 4,44 2,18 26,0 52,14 50,46 34,76 8,94 14,80 34,92 54,100",  # a closed bowl, a small loop at the foot
        "28,52 4,46 0,20 28,0 54,16 50,52 16,98 | 16,98 58,94",  # a closed bowl
        "20,46 2,34 10,6 38,2 46,28 34,64 10,94 | 10,94 34,102 48,92",
    ],
    3: [
        "2,4 54,0 | 54,0 22,40 | 22,40 52,56 54,86 26,102 0,88",  # a flat top
        "2,4 50,2 | 50,2 18,44 | 18,44 56,44 62,78 36,104 2,96",
        "4,16 30,0 50,20 32,42 18,48 28,36 50,58 48,90 22,100 0,86",  # a loop in the middle
        "4,12 32,0 46,24 20,44 | 20,44 54,62 36,100 4,94 8,78 24,84",  # a curl at its end
        "0,14 24,0 42,16 26,42 | 26,42 56,60 50,94 20,102 -6,86",  # a small top
        "2,18 8,4 54,2 | 54,2 28,38 | 28,38 58,62 44,98 4,96",  # a flat top with a serif
        "0,8 28,0 52,18 40,38 12,46 | 12,46 44,50 56,76 34,100 -2,94",
        "4,12 40,0 46,22 22,42 | 22,42 50,50 44,84 20,120",  # the end descends
    ],
    4: [
        "26,0 2,64 | 2,64 64,60 | 44,30 40,100",  # open, the stem lower than the arm
        "24,0 0,74 | 0,74 60,70 | 42,48 40,100",  # a low stem
        "16,0 6,50 22,60 56,46 | 56,10 46,60 40,100",  # round, open
        "10,0 8,50 56,50 | 54,0 50,100",  # as an h upside down
        "8,2 4,42 16,52 52,44 | 52,44 58,0 | 52,44 46,100",
        "34,0 0,68 | 0,68 50,68 64,64 | 58,34 30,100",  # the stem slants
        "40,0 0,70 | 0,70 66,70 | 40,0 40,100",  # closed
        "46,0 0,62 | 0,62 40,66 72,62 | 46,0 42,82",  # closed, a short leg
        "30,0 0,70 | 0,70 64,68 | 46,40 44,74",  # hardly a leg
        "40,100 50,40 52,4 44,0 4,56 8,66 66,60",  # in one stroke, from the foot
        "22,0 2,44 | 2,44 50,58 | 58,8 44,54 22,100",
        "36,0 20,32 0,70 14,64 62,70 | 44,46 52,60 36,110",
        "2,2 4,40 20,48 42,36 | 46,0 42,100",  # as a u with a stem
    ],
    5: [
        "14,4 8,46 | 8,46 34,40 52,64 38,98 0,92 | 14,4 58,0",  # two strokes
        "58,4 30,2 18,30 40,50 48,80 26,100 0,92",  # as an s
        "20,14 10,50 | 10,50 32,42 50,62 38,96 12,102 -4,88 | 24,0 72,4",  # a loose bar
        "0,62 10,96 24,92 28,34 | 28,34 34,4 76,0",  # as a check mark
        "56,0 14,2 | 14,2 8,44 | 8,44 50,48 50,88 0,100",  # in one stroke
        "52,2 20,4 | 20,4 10,52 | 10,52 4,48 34,46 46,74 22,102 -4,90 4,82",  # a curl at its end
        "12,8 10,44 | 10,44 40,42 52,70 30,102 2,90 | 12,8 44,-8 76,-12",  # the bar rises
        "20,0 4,52 | 4,52 40,52 | 40,52 40,88 14,104 -6,90 | 22,2 62,8",  # angular
        "12,10 8,46 8,56 16,46 40,46 50,74 26,102 -2,90 | 16,4 60,-2",  # a loop at the corner
        "72,-6 30,2 22,40 46,58 34,94 -6,98",
        "20,20 14,52 | 14,52 40,46 48,76 18,118 -8,112 | 22,16 56,-2",
        "64,-6 20,22 10,50 | 10,50 14,46 40,46 46,74 24,100 -2,88",  # as an s, its bar rising
        "10,6 4,44 | 4,44 38,52 28,98 -6,102 | 10,6 82,2",  # a long bar
    ],
    6: [
        "48,0 20,30 2,70 18,100 46,94 50,68 32,58 8,78",  # curved
        "30,0 12,40 6,84 26,100 46,80 32,60 12,78",  # a straight stem
        "56,8 24,0 0,50 14,100 54,92 56,60 26,50 6,70",  # a hook at the top
        "30,0 4,60 14,98 38,98 50,76 36,62 20,74 24,90",  # a spiral
        "40,0 10,44 4,88 28,102 44,84 30,70 4,80 -10,92",  # the bowl crosses the stem
        "26,0 2,80 20,100 44,92 48,74 28,66",  # open
        "60,-10 26,14 4,58 10,94 36,100 50,80 36,64 10,76 4,84",  # a long arm
        "20,22 30,2 24,2 4,60 16,100 46,92 46,64 24,62 8,82",  # a loop at the top
        "10,0 2,60 8,96 40,98 44,70 4,66",  # as a b
    ],
    7: [
        "2,8 56,3 | 56,3 34,50 24,100 | 8,55 56,48",  # a bar
        "6,30 4,6 | 4,6 56,5 | 56,5 30,55 24,100 | 8,58 54,50",  # a bar and a serif
        "4,28 6,4 | 6,4 60,2 | 60,2 40,45 32,100",  # a serif
        "0,25 10,3 28,12 56,0 | 56,0 36,45 28,100",  # a wave
        "0,22 8,4 34,10 56,8 46,40 30,100 | 12,55 62,50",  # a round wave and a bar
        "6,20 24,0 44,5 40,50 30,100 | 12,55 60,55",  # round
        "2,10 50,6 | 50,6 10,100 | 8,48 52,68",  # the bar descends
        "2,6 54,2 | 54,2 36,40 34,100 | 10,70 58,42",  # the bar rises
        "8,46 6,10 | 6,10 50,6 | 50,6 48,40 40,100",  # a long serif
        "0,4 56,0 | 56,0 22,100 | 22,46 52,44",  # a short bar
        "2,14 46,0 | 46,0 40,60 50,100",  # the stem bends to the right
        "0,2 62,8 | 62,8 32,50 6,104 | 2,62 66,40",
        "0,36 14,6 | 14,6 70,-6 | 70,-6 44,50 40,106 | 20,52 76,40",  # wide
        "0,2 50,0 | 50,0 46,30 12,98 0,92",  # the stem bends to the left
        "0,26 18,4 28,24 62,2 | 62,2 38,56 24,100 | 8,70 62,66",  # a deep wave and a low bar
        "2,34 20,6 26,30 64,0 | 64,0 36,62 20,100 | 14,74 84,86",  # a deep wave, the bar a tail
        "0,30 22,6 24,34 54,10 | 54,10 30,60 30,100 | 6,64 56,58",
        "6,26 16,4 42,4 40,40 24,100 | 0,60 66,54",  # narrow, with a low bar
        "10,22 20,2 38,8 30,50 24,100 | 0,50 84,42",  # narrow, with a long bar
        "2,24 2,6 40,2 | 40,2 38,100",  # narrow, with a serif
    ],
    8: [
        "50,14 26,0 10,20 30,48 52,74 30,100 6,80 28,48 48,20 46,6",  # as an s, and back
        "30,46 8,24 30,0 52,24 30,46 2,74 30,100 58,74 30,46",  # from its middle
        "28,0 8,22 28,46 48,22 26,0 | 28,46 2,74 28,102 56,74 30,46",  # two circles
        "30,2 12,18 26,42 46,22 30,4 | 26,54 4,78 26,100 48,80 28,54",  # two circles that do not meet
        "60,0 30,6 10,22 34,50 50,78 26,100 4,82 26,50 64,-4",  # open at the top
        "56,10 24,0 14,22 50,66 34,102 2,84 20,54 48,26 40,4",
        "8,4 44,80 26,102 4,82 48,8 28,0 10,6",  # an hourglass
        "24,2 2,26 30,52 44,80 24,100 8,80 40,44 52,16 70,2",  # a tail to the right
        "30,46 8,24 30,2 48,22 26,48 2,74 26,100 48,76 34,40 60,4 104,-14",  # a long one
    ],
    9: [
        "46,20 26,0 4,18 18,48 42,30 48,5 | 48,5 46,60 36,96 16,100 4,86",  # as a g
        "46,24 30,0 8,20 20,48 46,30 42,55 32,86 40,100",  # a foot to the right
        "42,30 30,4 10,16 16,46 38,44 46,20 36,60 24,100",  # a curved stem
        "52,14 24,0 2,24 20,50 52,20 | 52,8 52,100",  # a straight stem
        "48,10 22,0 0,26 20,50 46,24 | 50,4 40,100",
        "46,20 26,0 4,20 20,46 44,24 46,70 28,104 0,98 -8,84 12,82",  # a curl at its end
        "40,24 28,10 10,16 6,38 28,46 48,26 36,2 16,4 40,2 54,30 42,100",  # a spiral
        "48,12 24,0 0,20 14,44 44,34 52,14 50,60 26,96 -4,100",  # a long foot
        "48,6 12,6 8,40 44,38 | 48,6 44,38 42,70 10,100",  # angular
        "46,18 24,0 4,22 22,44 46,22 40,64 26,98 10,96 22,78 62,70",  # a loop at its foot
        "40,26 28,42 10,30 20,4 38,2 42,20 32,36 24,62 22,100",  # narrow
        "50,12 26,0 6,18 22,40 48,12 42,44 16,80 6,104",  # the stem slants
        "46,16 24,2 6,20 14,44 36,40 52,8 | 52,8 34,60 14,110",  # its bowl does not reach the slanting stem
        "48,14 26,2 8,18 14,42 38,36 50,10 42,70 20,112 -10,104",  # descends in a bow
        "40,14 22,0 4,14 8,36 28,36 44,12 38,50 24,112",  # a small bowl, a long stem
    ],
}
SHARE = 0.35  # of the images that are replaced


@torch.no_grad()
def with_allographs(images: Tensor, labels: Tensor, seed: int, epoch: int) -> Tensor:
    """The images (N, 28, 28) uint8 of the digits `labels` (N,) int64, some replaced by drawings; on their device.

    Which, and how, depends on the arguments alone, and on the kind of device: an epoch has its own.
    """
    generator = random_numbers(images.device, seed, epoch, 1)
    chosen, way = uniform(generator, (2, len(images)), 0, 1)
    numbers = (chosen < SHARE).nonzero().flatten()
    ways = torch.tensor([len(ATLAS[digit]) for digit in range(10)], device=images.device)
    first = ways.cumsum(0) - ways  # way of each digit among all
    labels = labels[numbers]
    figures = pen.parse(tuple(line for digit in range(10) for line in ATLAS[digit]), images.device)
    images = images.clone()
    images[numbers] = pen.draw(figures, first[labels] + (way[numbers] * ways[labels]).long(), generator)
    return images

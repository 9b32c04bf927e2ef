"""Read the digits in any picture, by the classical steps of optical character recognition.

A network trained on MNIST fails on a photo that is only shrunk to 28x28 pixels, because MNIST's digits were normalized
in a particular way. So most of the work is to find the digits and to draw them as MNIST does.

1. picture.py opens the picture and scales it to a working size. pdf.py draws the pages of a PDF.
2. background.py divides out uneven light. Then eye.py, a small network, scores how likely each pixel is handwriting.
3. components.py groups the connected components of handwriting into lines. strips.py makes each line level and scales
   it to a fixed height: a strip.
4. line_network.py reads along each strip. At each place, a network says which digit, if any, is in the middle of its
   window. A prefix beam search then finds the likeliest numbers.
5. cutting.py cuts the digits of these numbers out of the strip. Digits that touch are separated along a seam.
6. normalize.py deslants, scales and centres each digit as MNIST does. If your network was trained with context, the
   rest of the strokes from which the digit is cut is drawn in grey.
7. reader.py reads each digit with your network and combines the outputs with those of the line network. A number with
   a low confidence is rejected.

`read` in api.py is the entry point. lines.py runs steps 1 to 6, and also turns pictures that are on their side or
upside down. Steps 1 to 6 need no PyTorch, so parallel.py can run them in worker processes. answer.py defines the
result.

The data passes through six types, in this order:

- `Strip`: a line of the picture, level and at a fixed height.
- `Segmentation`: the likeliest numbers of each line, and the images of their digits.
- `Reading`: the image of a digit, and what your network reads in it.
- `Group`: digits that stand together, read as a number with a confidence.
- `Line`: the groups of a line, from left to right.
- `Answer`: the lines of a picture, or the reason why nothing was read.
"""

from digits.handwriting.api import read as read
from digits.handwriting.lines import Expected as Expected
from digits.handwriting.lines import find_lines as find_lines
from digits.handwriting.pdf import Page as Page

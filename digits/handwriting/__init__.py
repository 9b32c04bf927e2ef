"""Any picture of handwriting to digits: the classical pipeline of optical character recognition, around one network.

A network that has learned MNIST fails on a photo that is merely shrunk to 28x28, because MNIST's digits were normalized
in one particular way. So

1. picture.py opens a picture of whatever kind, at a size to work on;
2. background.py divides out the light of the paper; eye.py, a network, says of each pixel that is darker how surely it
   is handwriting;
3. components.py groups the connected components of handwriting into lines; strips.py brings each line to one height;
4. line_network.py reads along a line: a second network says which digit is in the middle of each place; prefix beam
   search finds the likeliest numbers;
5. cutting.py cuts the digits of these numbers out of the line, along seams between those that touch;
6. normalize.py deslants, scales and centres each digit as MNIST's were; for networks that were trained so, it also
   draws in grey what the digit is cut from;
7. the user's network reads each digit; reader.py weighs its opinion and that of the line network. A number of too
   little probability has no `text`.

lines.py goes through steps 2 to 6, which need no PyTorch, so parallel.py has other processes do that; it also turns a
picture that lies on its side. reading.py is the way in, `read`; answer.py is what comes out. pdf.py opens pages.

On the way from a picture to a number are arrays of pixels and six kinds of thing. A `Strip` is a line of the picture,
level and at one height. A `Segmentation` has the likeliest numbers for each line, and the images of their digits. A
`Reading` is such an image as the user's network reads it. A `Group` is the likeliest number where digits stand
together: its readings, and the confidence in them. A `Line` is its groups, side by side. An `Answer` is the lines of
the picture, or why nothing is read.
"""

from importlib import import_module

TYPE_CHECKING = False  # for those who check types
if TYPE_CHECKING:
    from digits.handwriting.lines import Expected as Expected
    from digits.handwriting.lines import find_lines as find_lines
    from digits.handwriting.pdf import Page as Page
    from digits.handwriting.reading import read as read

LAZY = {"Expected": "lines", "Page": "pdf", "find_lines": "lines", "read": "reading"}  # normalize.py needs none of them
__all__ = [*LAZY]


def __getattr__(name: str) -> object:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{LAZY[name]}"), name)

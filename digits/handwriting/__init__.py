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
picture that lies on its side. pdf.py opens pages; learning.py trains the eye, line_learning.py the line network.
"""

from digits.handwriting.lines import Candidate, Digit, Expected, Found, Line, find_lines
from digits.handwriting.pdf import Page
from digits.handwriting.reader import Answer, Reader
from digits.handwriting.readings import Group, Reading, TextLine

__all__ = [
    "Answer",
    "Candidate",
    "Digit",
    "Expected",
    "Found",
    "Group",
    "Line",
    "Page",
    "Reader",
    "Reading",
    "TextLine",
    "find_lines",
]

"""Any picture of handwriting to digits: the classical pipeline of optical character recognition, around one network.

A network that has learned MNIST fails on a photo that is merely shrunk to 28x28, because MNIST's digits were normalized
in one particular way. So

1. picture.py opens a picture of whatever kind, at a size to work on;
2. background.py estimates the background by a morphological closing; eye.py, a network of its own, says of each pixel
   that is darker how surely it is handwriting; thresholds of that, and of darkness, give guesses at the foreground;
3. components.py finds the connected components of a guess and groups them into lines;
4. segmentation.py over-segments each line along cheapest paths, which also part digits that touch;
5. lattice.py makes each run of a few segments a candidate;
6. normalize.py deslants, scales and centres each candidate as MNIST's digits were; for networks that were trained so,
   it also draws in grey what the candidate is cut from;
7. the network scores all candidates, and lattice.py finds the best paths of each guess by the Viterbi algorithm;
   voting.py lets the paths of all guesses vote; a group of digits of too little confidence has no `text`.

lines.py goes through steps 2 to 6, which need no network, so parallel.py has other processes do that. reader.py goes
through all of them, turns a picture that lies on its side, or says why nothing is read. pdf.py opens pages; learning.py
trains the eye.

Steps 4 to 7 are the heuristic over-segmentation of Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based
learning applied to document recognition", 1998. The page does the same in JavaScript (export/web/).
"""

from digits.handwriting.lines import Digit, Line, find_lines
from digits.handwriting.pdf import Page
from digits.handwriting.reader import Answer, Expected, Reader
from digits.handwriting.voting import Group, Reading, TextLine

__all__ = ["Answer", "Digit", "Expected", "Group", "Line", "Page", "Reader", "Reading", "TextLine", "find_lines"]

"""Any picture of handwriting to digits: the classical pipeline of optical character recognition, around one network.

A network that has learned MNIST fails on a photo merely shrunk to 28x28, since MNIST's digits were normalized in one
particular way. So

1. picture.py opens a picture of whatever kind, at a size to work on;
2. background.py, after ruled_lines.py has taken printed lines out, estimates the background by a morphological closing
   and binarizes what is darker, the foreground: once for each of several guesses;
3. components.py finds its connected components, judges them by their boundary contrast and groups them into lines;
4. segmentation.py over-segments each line along cheapest paths, also through digits that touch;
5. lattice.py makes each run of a few segments a candidate;
6. normalize.py deslants, scales and centres each candidate as MNIST's digits were, and draws what it is cut from
   beside it in grey, for networks that were trained so;
7. reader.py lets the network score all candidates, lattice.py takes the best paths of each guess by the Viterbi
   algorithm, which vote, and a group of digits is rejected of which the network has too little confidence;
8. answers.py turns a picture that lies on its side, or says why nothing is read.

Steps 4 to 7 are the heuristic over-segmentation of Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based
learning applied to document recognition", 1998. The page does the same in JavaScript (export/web/).
"""

from digits.handwriting.answers import Answer, answer
from digits.handwriting.reader import Digit, Group, Line, Reading, find_lines, read, text

__all__ = ["Answer", "Digit", "Group", "Line", "Reading", "answer", "find_lines", "read", "text"]

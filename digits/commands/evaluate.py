"""Measure how well labelled pictures are read: `python -m digits evaluate`."""

from contextlib import closing
from pathlib import Path

from digits.common.errors import UserError


def evaluate(
    folders: list[str] | None = None,
    /,
    *,
    network: str | None = None,
    single: bool = False,
    known_length: bool = False,
    wrong: Path | None = None,
    data_dir: Path | None = None,
) -> None:
    """Measure how well labelled pictures are read. Print a line for each folder, or for MNIST's test images.

    The label of a picture is its name up to the first _, as in FOLDER/504192_x.jpg, or the name of its folder, as in
    FOLDER/7/x.png. Put a - between lines of digits, as in FOLDER/012-345_x.jpg. If a label has spaces between the
    numbers of a line, they must be read, too.

    Example: python -m digits evaluate --network bundled

    Args:
        folders: Folders of labelled pictures. By default MNIST's test images.
        network: A run folder, a .ckpt file, bundled (a team of networks), or ocr (the team and a text recognizer).
            Default: the newest run in runs/, else bundled.
        single: Read only the clearest digit of each picture. Otherwise every line must be right.
        known_length: Consider only numbers with as many digits as the label, as predict --length does.
        wrong: Save an image of the misread pictures, with what the network saw, the label, and what was read.
        data_dir: Folder for the MNIST files. Default: data/ if MNIST is there, else the user's cache.
    """
    from digits.commands.scoring import labels_in, print_score, read_labelled, read_mnist, write_sheet
    from digits.handwriting import Expected
    from digits.handwriting.api import choose_reader
    from digits.handwriting.picture import check_output

    if known_length and single:
        raise UserError("--single and --known_length exclude each other; use only one")
    reader, detected, name = choose_reader(network)
    if detected is not None:
        raise UserError(f"this network only detects the digit {detected}; choose a --network that reads all ten")
    labelled = {folder: labels_in(Path(folder), spaces=not known_length) for folder in folders or []}
    pairs = [pair for labels in labelled.values() for pair in labels.items()]
    if wrong:  # before the long work, not after it
        check_output(wrong, [*(picture for picture, _ in pairs), network or ""])
    lengths = [[len(line) for line in label.split("-")] for _, label in pairs]
    spans = [(min(length), max(length)) if known_length else None for length in lengths]
    tasks = [(picture, Expected(single, span)) for (picture, _), span in zip(pairs, spans, strict=True)]
    predictions = [] if labelled else read_mnist(reader.network, data_dir)
    with closing(reader.read_all(tasks)) as answers:
        for folder, labels in labelled.items():
            in_folder = read_labelled(folder, labels, answers)
            print_score(folder, in_folder, name)
            predictions += in_folder
    if not labelled:
        print_score("MNIST's test images", predictions, name)
    elif len(labelled) > 1:
        print_score("all", predictions, name)
    if wrong:
        write_sheet(predictions, wrong)

"""How well pictures are read whose right answers are known: `python -m digits evaluate`."""

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
    json: bool = False,
    wrong: Path | None = None,
    verbose: bool = False,
    data_dir: Path | None = None,
) -> None:
    """Say how well pictures are read whose right answers are known, a line for each folder; else MNIST's test images.

    The right answer is the name of a folder in it, as in FOLDER/7/x.png, or what the picture's own name has before its
    first _, as in FOLDER/504192_x.jpg; several lines of digits have a - between them, as in FOLDER/012-345_x.jpg, and
    if numbers of a line have a space between them there, it counts.

    Args:
        folders: Folders of pictures.
        network: A run, a checkpoint, or bundled; by default the newest run in runs/, else the bundled network.
        single: Read the clearest digit of each picture alone. Otherwise every line must be right.
        known_length: Consider only numbers as long as the right answer, as with --length of predict.
        json: Print an object a folder, for programs.
        wrong: Write a picture of what was misread: the picture, what the network saw, what is right and what was said.
        verbose: Say of each picture in which nothing is read why; otherwise these are counted by their reasons.
        data_dir: Where the MNIST files are, or go; by default data, if they are there, else the user's cache.
    """
    from digits.commands.scoring import labels_in, print_score, read_labelled, read_mnist, write_sheet
    from digits.handwriting import Expected
    from digits.handwriting.picture import check_output
    from digits.handwriting.reading import choose_reader

    if known_length and single:
        raise UserError("--single and --known_length: one of the two")
    reader, detected = choose_reader(network)
    if detected is not None:
        raise UserError(f"this network only detects the digit {detected}; evaluate needs one that reads all ten")
    labelled = {folder: labels_in(Path(folder), spaces=not known_length) for folder in folders or []}
    pairs = [pair for labels in labelled.values() for pair in labels.items()]
    if wrong:  # before the long work, so that it is not for nothing
        check_output(wrong, [*(picture for picture, _ in pairs), network or ""])
    lengths = [[len(line) for line in label.split("-")] for _, label in pairs]
    spans = [(min(length), max(length)) if known_length else None for length in lengths]
    asked = [(picture, Expected(single, span)) for (picture, _), span in zip(pairs, spans, strict=True)]
    predictions = [] if labelled else read_mnist(reader.network, data_dir)
    with closing(reader.read_all(asked)) as answers:
        for folder, labels in labelled.items():
            in_folder = read_labelled(folder, labels, answers, verbose)
            print_score(folder, in_folder, json)
            predictions += in_folder
    if not labelled:
        print_score("MNIST's test images", predictions, json)
    elif len(labelled) > 1 and not json:
        print_score("all", predictions, json)
    if wrong:
        write_sheet(predictions, wrong)

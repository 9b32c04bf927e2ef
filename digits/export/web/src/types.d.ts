// The words of the page, as types.

/** Pixels row by row; a mask is an image of 0 and 1. */
type Image = { width: number; height: number; data: Float32Array };
/** How each of `size` pixels along an axis is a weighted sum of `taps` pixels of an image: tap t of pixel i is pixel
 * at[i * taps + t] times weights[i * taps + t]. */
type Axis = { size: number; taps: number; at: Int32Array; weights: Float32Array };
type Box = { left: number; top: number; right: number; bottom: number };

// The network.

/** A layer of neurons, its weights (neurons, inputs) row by row. */
type Layer = { weights: Float32Array; biases: Float32Array };
/** An image (784) 0..1, and the desired outputs y. */
type Example = { image: Float32Array; y: Float32Array };
/** Of a mini-batch the activations of each layer, and the errors dC/dz of each but the first. */
type Errors = { activations: Float32Array[][]; errors: Float32Array[][] };
/** Layers, deflated, in base64: of each the neurons' steps and biases, float32; then of each the weights, whole numbers
 * of their neuron's steps, of one or two `bytes`. */
type Packed = { parameters: string; bytes: number };
/** A network and what is known of it. `accuracy` is that on the page's test images, once it is measured,
 * `test_accuracy` that on all of MNIST's. One that is `fresh` was trained here, to an `epoch`; what is on the pad is cut into digits by
 * its `reader`, as it may know none itself. */
type Network = Facts & { layers: Layer[]; reader?: Layer[] };
type Facts = {
  sizes: number[]; shape: string; test_accuracy: number | null;
  accuracy?: number | null; fresh?: boolean; epoch?: number; lessons?: Example[][];
};
/** A network that is trained here, after an epoch. */
type Epoch = { network: Network; point: Measured };
/** MNIST's images, those that train first: of each its label, a byte; then of each its pixels, a bit each. */
type Mnist = { bytes: Uint8Array<ArrayBuffer>; train: number; test: number };
/** What a worker shall do: open the picture in a file, read a picture or strokes, test a network, or train one. */
type Opening = { file: Blob };
/** Or say what is handwriting in one. */
type Seeing = { sight: ImageBitmap };
type Reading = { picture: ImageBitmap; layers: Layer[]; quick?: boolean } | { strokes: Stroke[]; layers: Layer[] };
type Test = { mnist: Mnist; layers: Layer[] };
/** Or begin a lesson; go on with it for a while, at least by a step; and end it. */
type Lesson = { lesson: Example[]; earlier: Example[][]; mnist: Mnist; layers: Layer[] };
type Steps = { milliseconds: number };
type End = { end: true };
/** Or train a network: a `fresh` one to begin with, or by what share of an epoch to go on. */
type Training = { fresh?: Fresh; share: number };
type Fresh = { mnist: Mnist; layers: Layer[]; batch: number; rate: number };
type Job = Opening | Seeing | Reading | Test | Lesson | Steps | End | Training;
/** Of images: the accuracy, the quadratic cost, and the share whose right output is `stuck` near 0. */
type Measures = { accuracy: number; cost: number; stuck: number };
/** What was measured after so many epochs. */
type Measured = { epoch: number; train: Measures; test: Measures };
type Trained = Measured & { layers: Layer[] };
/** A training that is remembered: its settings, as typed; of how many in 1,000 test images it erred after each epoch, the
 * first untrained; how long it took; and what is to be said of it. */
type Run = { size: string; rate: string; batch: string; errors: number[]; seconds: number; says?: string };

/** How far a lesson is: how much more or less the activations of each layer speak for what is told than before, -1 to
 * 1; and the activations for the drawing. */
type Progress = { steps: number; isOver: boolean; changes: Float32Array[]; activations: Float32Array[] };

// Handwriting.

/** A level of an image pyramid, and how many of its cells are seen on each side of the pixel's own. */
type View = Image & { reach: number };
/** How sure the eye is of each pixel, and how much light is missing there. */
type Sight = { sure: Image; darkness: Image };
/** A connected component, by the indices of its pixels; its clarity is higher the surer the eye is of it. All but the clearest are `clipped` where they meet the left or right border of the picture,
 * as a neighbour's stroke is. */
type Component = Box & { pixels: number[]; clarity: number; clipped: boolean };
/** `darkness` is 0 on the background. */
type Foreground = { darkness: Image; components: Component[] };
/** A shear: each row is moved left by `excess` columns for every row that it is below row `y`. */
type Shear = { excess: number; y: number };
/** A segment of a line, upright: its pixels, its clarity as of a component, and the number of the stroke it is cut from.
 * The path on its right crosses so much of that stroke, `cut`, in heights of the line's digits. It is `clipped` if all
 * of its components are. */
type Segment = Box & { pixels: number[]; clarity: number; stroke: number; cut: number; clipped: boolean };
/** A line's segments, from left to right, and the height of its digits. */
type SegmentedLine = { height: number; segments: Segment[] };
/** Segments `first` to `last` - 1 of a line as one digit (a segmentation hypothesis), in heights of its digits.
 * `breaks` weighs the gaps inside it, and its ends that are cut through a stroke. It is `clipped` if all of its
 * segments are. */
type Candidate = { first: number; last: number; width: number; height: number; breaks: number; clipped: boolean };
/** A path through a line: what it says, its log-likelihood, and each of its candidates, with its digit if it is one. */
type Path = { said: string; score: number; steps: [number, number | null][] };
/** An image (784) of 0..1, light on dark; its box in the picture; how clear its strokes are; once it is read, the
 * `value` that is read by its `outputs`, the numbers of its line and its group, and its `images` in all guesses, also of
 * before its picture was turned. */
type Digit = {
  image: Float32Array; box: Box; clarity: number; value?: number; outputs?: Float32Array; line?: number; group?: number;
  images?: Float32Array[];
};
/** A line, and the candidates for its digits. */
type Candidates = { line: SegmentedLine; candidates: Candidate[] };
/** A line of a picture in one of several `guesses`: candidates for its digits, and each as a digit. A `known` one is
 * drawn as MNIST's digits are, and never rejected; in most guesses of a `crowded` picture is more than is looked
 * at. */
type Line = { candidates: Candidate[]; digits: Digit[]; guesses: number; known?: boolean; crowded?: boolean };
/** What a line may say: a path through it, by the outputs of its candidates, and how much a vote for it weighs. Its
 * digits are mostly from `top` to `bottom`, in pixels of the picture. */
type Hypothesis = Omit<Path, "score"> & {
  line: Line; outputs: Float32Array[]; weight: number; top: number; bottom: number;
};

/** What stands together in a line: its digits, and the network's confidence in them, 0..1. */
type Group = { digits: Digit[]; confidence: number };

// The page.

type Point = [x: number, y: number];
/** Points from 0 to 1 across the pad. */
type Stroke = Point[];
type Context = CanvasRenderingContext2D;
type OffscreenContext = OffscreenCanvasRenderingContext2D;
/** Why there is no digit in a picture: it is too small, blank, or what is on it is like none. */
type Refusal = "small" | "blank" | "unlike";
/** What is on the pad: strokes or a picture and, once it is read, the digits in it; or a digit of MNIST. A camera's
 * frame has the point that it is aimed at, next to which a digit is chosen. A picture was turned by so many degrees; some of
 * what is on the pad may be `unread`; over a picture lies the `sight` of what is handwriting, if that is asked for. */
type Drawing = {
  strokes: Stroke[]; picture: ImageBitmap | null; digits: Digit[] | null; refusal?: Refusal; aim?: Point;
  degrees?: number; crowded?: boolean; unread?: Box[]; sight?: ImageBitmap | null;
};
type Neuron = [layer: number, j: number];
/** What is done while the story is at a stop: on arrival, and whenever something is shown. */
type Stop = { arrive?: () => unknown; show?: () => void };
/** Gradient descent on examples: the cost at first and after each step, what the last one changes, by layer, and what
 * share of the next is done. */
type Descent = { batch: Example[]; costs: number[]; changes: Float32Array[]; share: number };
/** The slice through the cost of examples in which the next step goes, for layers and a rate. */
type Ahead = { layers?: Layer[]; batch?: Example[]; rate?: number; slice: [number, number][] };
/** What a link shares. */
type Shared = { drawing: Drawing | null; settings: Map<Field, string>; runs: Run[]; stop: number };
type Field = HTMLInputElement | HTMLSelectElement;
/** What undo brings back. */
type Moment = { drawing: Drawing; network: Network };
/** What the page shows. `pen` is the pointer that draws, `digits` is read from the drawing, with the network's `outputs`
 * for each, and one is `chosen`; `looked` is the [layer, neuron] that is looked into, `flash` a lesson's changes by
 * layer, `what` the outputs show, `worker` trains. Lessons may be `unsaved`. While strokes are `reading`, `digits` are what was read before. A stop of the story may have a
 * neuron `kept`, which is looked into unless another is, and have strokes read `inPlace`, and say what all show, by layer, for the
 * neuron that is looked into, as its `view`. */
type State = Moment & {
  past: Moment[]; future: Moment[]; pen: number | null; digits: Digit[]; outputs: Float32Array[]; chosen: number;
  looked: Neuron | null; kept: Neuron | null; inPlace: boolean; flash: Float32Array[] | null; what?: string;
  teaching: boolean; unsaved: boolean; reading: boolean; worker: Worker | null; view: ((looked: Neuron) => Float32Array[]) | null;
};
/** The tuned constants of handwriting: Python's, by module, and typed there alone. */
type Constants = {
  picture: { WORKING: Pair; NARROW: number };
  background: { LIFT: Pair } & Record<"WINDOW" | "COARSE" | "EVEN" | "SOFT", number>;
  eye: { THRESHOLDS: number[]; SHARES: number[] }
    & Record<"LEVELS" | "REACH" | "COLOUR" | "UNSURE" | "PALE" | "FULL" | "DARKEST" | "HALVED" | "PART" | "LEGIBLE" | "CERTAIN" | "WHOLE", number>;
  components: Record<"LENGTH" | "COMPONENTS" | "TALL" | "NEAREST" | "HIGH" | "LEVEL" | "AWAY", number>
    & Record<"STACKED" | "UNDER" | "FLAT", number>;
  segmentation: { SLANTS: number[] } & Record<"EDGE" | "UNCUT" | "SPACING" | "DEEP" | "ASIDE", number>;
  lattice: Record<"SEGMENTS" | "BROAD" | "UNSEEN" | "PATHS" | "DIGITS", number>;
  fitted: Record<"GAP" | "APART" | "CUT" | "SHORT" | "LOW" | "LOW_ZERO" | "LONG" | "WIDE" | "CLIPPED", number>
    & Record<"SKIP" | "UNSURE" | "DOUBT" | "SURE" | "REJECTION_THRESHOLD", number>;
  normalize: { SLANT: Pair; SLANTED: Pair; STROKE: Pair } & Record<"BOX" | "FINE" | "REST" | "NEAR", number>;
  lines: Record<"SMALLEST" | "CANDIDATES" | "GUESSES", number>;
  voting: Record<"WORD" | "SIGN" | "PRINTED", number>;
  reader: { ALIKE: number[] } & Record<"UPRIGHT" | "TURNED" | "TURNING", number>;
};
type Pair = [number, number];
/** What is in the page's block of JSON; a saved copy also has what was on the pad. */
type Held = Facts & Packed & {
  bits: { weights: number[][]; biases: number[] };
  mnist: { packed: string; train: number; test: number };
  constants: Constants;
  eye: { sizes: Pair[]; packed: string };
  drawing?: { strokes: Stroke[]; picture?: string; image?: Float32Array | null };
};

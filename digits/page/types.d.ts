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
 * `test_accuracy` that on all of MNIST's. One that is `fresh` was trained here, to an `epoch`. The bundled network reads in a
 * `team` with the line network. */
type Network = Facts & { layers: Layer[] };
/** What reads the pad. */
type Reader = { layers: Layer[]; team?: boolean };
type Facts = {
  sizes: number[]; shape: string; test_accuracy: number | null;
  accuracy?: number | null; fresh?: boolean; epoch?: number; lessons?: Example[]; team?: boolean;
};
/** A network that is trained here, after an epoch. */
type Epoch = { network: Network; point: Measured };
/** MNIST's images, those that train first: of each its label, a byte; then of each its pixels, a bit each. */
type Mnist = { bytes: Uint8Array<ArrayBuffer>; train: number; test: number };
/** What a worker shall do: open the picture in a file, read a picture or strokes, test a network, or train one. */
type Opening = { file: Blob };
/** Or say what is handwriting in one. */
type Seeing = { sight: ImageBitmap };
type Reading = ({ picture: ImageBitmap } | { strokes: Stroke[] }) & Reader;
type Test = { mnist: Mnist; layers: Layer[] };
/** Or begin a lesson; go on with it for a while, at least by a step; and end it. */
type Lesson = { lesson: Example; earlier: Example[]; mnist: Mnist; layers: Layer[] };
type Steps = { milliseconds: number };
type End = { end: true };
/** Or train a network: a `fresh` one to begin with, or by what share of an epoch to go on. */
type Training = { fresh?: Fresh; share: number };
type Fresh = { mnist: Mnist; layers: Layer[]; batch: number; rate: number; n?: number };
type Job = Opening | Seeing | Reading | Test | Lesson | Steps | End | Training;
/** Of images: the accuracy, and the share whose right output is `stuck` near 0. */
type Measures = { accuracy: number; stuck: number };
/** What was measured after so many epochs. */
type Measured = { epoch: number; train: Measures; test: Measures };
type Trained = Measured & { layers: Layer[] };

/** How far a lesson is: how much more or less the activations of each layer speak for what is told than before, -1 to
 * 1; and the activations for the drawing. */
type Progress = { steps: number; isOver: boolean; changes: Float32Array[]; activations: Float32Array[][] };

// Handwriting.

/** A level of an image pyramid, and how many of its cells are seen on each side of the pixel's own. */
type View = Image & { reach: number };
/** How sure the eye is of each pixel, and how much light is missing there. */
type Sight = { sure: Image; darkness: Image };
/** A shear: each row is moved left by `excess` columns for every row that it is below row `y`. */
type Shear = { excess: number; y: number };
/** A line of a picture, level and at one height, of which `scale` pixels are one of the picture; `from` says where in the
 * picture a column and a row of it are. So many of its components are `tall`, as digits are; `log` are the line network's
 * outputs along it. */
type Strip = {
  dark: Image; sure: Image; scale: number; tall: number; from: (column: number, row: number) => Point; log: Float64Array[];
};
/** The probability of a prefix with a blank at its end, and with its last digit there; and the place of each digit. */
type Beam = [blank: number, digit: number, places: number[]];
/** A number that a strip may say: its digits, the logarithm of its probability, and the place of each digit. */
type Numeral = { digits: string; likelihood: number; places: number[] };
/** An image (784) of 0..1, light on dark; its box in the picture; its `share` of the handwriting around it; once it is
 * read, the `value` that is read, by its `outputs`, and the numbers of its line and its group. */
type Digit = {
  image: Float32Array; box: Box; share?: number;
  value?: number; outputs?: Float32Array; line?: number; group?: number;
};
/** A digit, cut out in several ways. What is read in it: of these the clearest, its `outputs`, the `means` of the outputs
 * where it is moved a little, and the digit that these name. */
type Cuts = Digit[];
type Read = { image: Float32Array; box: Box; share?: number; outputs: Float32Array; means: Float32Array; value: number };
/** A number that a group may say, the logarithm of its probability by the line network, and its digits. */
type Candidate = { digits: string; likelihood: number; parts: Cuts[] };
/** The candidates of each group in a line. A `known` one is drawn as MNIST's digits are, and never rejected. */
type Line = { groups: Candidate[][]; known?: boolean };
/** By how many degrees a picture was turned counterclockwise, its lines then, and the reason if none holds a digit. */
type Found = { lines: Line[]; degrees: number; refusal?: Refusal };

/** What stands together in a line: its digits, and their probability, 0..1. */
type Group = { digits: Digit[]; confidence: number; known: boolean };

// The page.

type Point = [x: number, y: number];
/** Points from 0 to 1 across the pad. */
type Stroke = Point[];
type Context = CanvasRenderingContext2D;
type OffscreenContext = OffscreenCanvasRenderingContext2D;
/** Why there is no digit in a picture: it is too small, blank, or what is on it is like none. */
type Refusal = "small" | "blank" | "unlike";
/** What is on the pad: strokes or a picture and, once it is read, the digits in it; or a digit of MNIST. A
 * picture was turned by so many degrees; some of what is on the pad may be `unread`; over a picture lies the `sight` of what is handwriting, if that is asked for. */
type Drawing = {
  strokes: Stroke[]; picture: ImageBitmap | null; digits: Digit[] | null; refusal?: Refusal;
  degrees?: number; unread?: Box[]; sight?: ImageBitmap | null;
};
type Neuron = [layer: number, j: number];
/** A wire between the boxes of two neurons, for a contribution from -1 to 1; or in a tone of its own. */
type Wire = { from: Box; to: Box; value: number; tone?: string };
/** What an unseen hand wrote, for a visitor who has not drawn yet: its image, what it is
 * read as, and how many layers the signal has reached; the answer counts as one. */
type Ghost = { image: Float32Array; answer: string; reached: number };
/** A stop of the tour, whose words and controls stand in page.html. The controls act `on` a click or an input, by their ids,
 * which begin with the stop's name. A button of the class `take` brings another digit. `model` gives the numbers that the
 * stop shows: `says` puts them into words, and `draw` into SVG. They wait for the small network unless the stop is
 * independent. On an empty pad the stop `asks` for a drawing. `pick` is told the name of a neuron (a `data-neuron` in the
 * figure) that was clicked, `point` a pixel that was pressed. On paper and on the last card, `example` stands for the
 * model, once the stop has been told to `getReady`. What a stop says while it is playing is not spoken by screen
 * readers. */
type Stop<Model = any> = {
  isIndependent?: boolean; isHovered?: boolean; asks?: string;
  on?: Record<string, (control: HTMLInputElement) => unknown>;
  arrive?: (pad: { write: (paths: string[]) => void }) => unknown; leave?: () => void;
  pick?: (name: string) => unknown; point?: (pixel: number) => void; isPlaying?: () => boolean;
  getReady?: () => Promise<void>; example?: (seen: Seen) => Model | null;
  model: (seen: Seen) => Model; says: (model: Model) => string; draw: (model: Model, size: Size) => string;
};
/** What a stop shows: the image of the chosen digit, and the layers of the small network, 784-30-10, trained. */
type Seen = { image: Float32Array; layers: Layer[] };
/** The size of a figure, in units. Text is 16 units high. A figure is 340 to 1,000 units wide, and at least 300 high. */
type Size = { width: number; height: number };
type Square = { left: number; top: number; side: number };
type Repeated = { toggle: () => void; stop: () => void; once: () => void; isOn: () => boolean };
/** A hidden neuron that sees an image, in hundredths: `sum` is w·a, z is that and the `bias`; `zs` are those of its layer. */
type HiddenNeuron = { j: number; zs: number[]; weights: Float32Array; bias: number; sum: number; z: number };
/** The values from and to which an axis goes, its numbered ticks, and its label. */
type AxisOf = { from: number; to: number; ticks: number[]; label: string };
type Axes = { x: (value: number) => number; y: (value: number) => number; svg: string };
/** What is kept for a reload: the drawing and, if there were lessons, the network that had them. */
type Kept = { drawing: NonNullable<Held["drawing"]>; network?: Facts & { parameters: string } };
/** What undo brings back. */
type Moment = { drawing: Drawing; network: Network };
/** What the page shows. `pen` is the pointer that draws, `digits` is read from the drawing, with the network's `outputs`
 * for each, and one is `chosen`; `looked` is the [layer, neuron] that is looked into, `flash` a lesson's changes by
 * layer, `worker` trains. Lessons may be `unsaved`. While strokes are `reading`, `digits` are what was read before. */
type State = Moment & {
  past: Moment[]; future: Moment[]; pen: number | null; digits: Digit[]; outputs: Float32Array[]; chosen: number;
  looked: Neuron | null; flash: Float32Array[] | null; teaching: boolean; unsaved: boolean; reading: boolean;
  worker: Worker | null;
};
/** The tuned constants of handwriting: Python's, by module, and typed there alone. */
type Constants = {
  picture: { WORKING: Pair; NARROW: number };
  background: { LIFT: Pair } & Record<"WINDOW" | "COARSE" | "AROUND" | "BLURRED" | "BRIGHTEST" | "EVEN" | "SOFT", number>;
  eye: Record<"LEVELS" | "REACH" | "COLOUR" | "UNSURE" | "PALE" | "FULL" | "DARKEST" | "HALVED" | "PART" | "LEGIBLE" | "CERTAIN" | "TEXTURE" | "NOISE", number>;
  components: Record<"LENGTH" | "COMPONENTS" | "TALL" | "NEAREST" | "HIGH" | "LEVEL" | "AWAY", number>;
  strips: Record<"ROWS" | "DIGIT" | "SURE" | "ENDS" | "LONGEST" | "TILTED", number>;
  line_network: { LAYERS: [neurons: number, reach: Pair, step: Pair][] } & Record<"BLANK" | "BEAM" | "SHOWN" | "UNLIKELY", number>;
  cutting: { CUTS: [least: number, darker: number, shortest: number][] } & Record<"DARK" | "FAINT" | "ASIDE" | "MIDWAY" | "BESIDE" | "CLOSE" | "BAND" | "OWN" | "ASTRAY" | "SPECK", number>;
  normalize: { SLANT: Pair; SLANTED: Pair; STROKE: Pair } & Record<"BOX" | "MIDDLE" | "FINE" | "REST" | "NEAR", number>;
  lines: Record<"SMALL" | "SMALLEST" | "APART" | "PLACE" | "FAR" | "CLEAR" | "TURNED" | "WELL", number>;
  reader: { SHIFTS: Pair[] } & Record<"WEIGHT" | "FLOOR", number>;
  answer: { THRESHOLD: number };
};
type Pair = [number, number];
/** What is in the page's block of JSON; a saved copy also has what was on the pad. */
type Held = Facts & Packed & {
  mnist: { packed: string; train: number; test: number };
  constants: Constants;
  eye: { sizes: Pair[]; packed: string };
  line: { sizes: Pair[]; packed: string };
  drawing?: { strokes: Stroke[]; picture?: string; image?: Float32Array | null };
};

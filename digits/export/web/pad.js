// What one draws: strokes of a pen, each a list of points [x, y] from 0 to 1 across the pad, or a picture, or a digit
// of MNIST; and the network that reads it. Only the stroke being drawn is changed in place; any other change makes a
// new moment, and undo goes back to the one before.

const PEN = 0.05; // width of the pen as it is seen, in sides of the pad
const THICKNESS = 8 / 60; // width of strokes as they are read, in sizes of what they make; tuned on validation digits
const FINENESS = 120; // strokes are read on a canvas on which what they make is so many pixels large
const OBLONG = 3; // how many times as wide as high a line of digits is before it counts as larger than it is high
const DOT = 0.05; // strokes that make less than this share of the pad are not enlarged further
const SURE = 0.55; // least activation of a digit, least sureness of a number, as in digits/predict.py
const LARGEST = 2000; // pixels of a picture's longer side; larger ones are reduced, which some browsers need
const MOST = 50; // moments that are remembered, since a lesson makes a network of megabytes

/** Whether outputs are those of a digit: one is over SURE. A detector's say what they say. */
const isDigit = (outputs) => detector || outputs[answerOf(outputs)] > SURE;

const EMPTY = { strokes: [], picture: null, digits: null }; // digits: those of a picture, which are found once
const pad = { drawing: EMPTY, network: unpacked(held), past: [], future: [], pen: null }; // pen: the pointer that draws

/** Goes on with another drawing or network. A pen that is down is lifted: its stroke belongs to the moment before. */
function change(next) {
  pad.past = [...pad.past, moment()].slice(-MOST);
  Object.assign(pad, { future: [], pen: null }, next);
}

/** Goes to the last of the moments `from` if there is one, back by undo or forth by redo; `to` then has this one. */
function travel(from, to) {
  if (!from.length) return;
  to.push(moment());
  Object.assign(pad, { pen: null }, from.pop());
}

const moment = () => ({ drawing: pad.drawing, network: pad.network });

/** Calls `drawn(event, done)` while a pointer draws on the canvas; `done` once it is lifted. */
function listenToPen(canvas, drawn) {
  const point = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (pad.pen !== null || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    change({ drawing: { ...EMPTY, strokes: [...pad.drawing.strokes, [point(event)]] } });
    pad.pen = event.pointerId;
    drawn(event, false);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pad.pen) return;
    const between = event.getCoalescedEvents(); // all since the last frame
    pad.drawing.strokes.at(-1).push(...(between.length ? between : [event]).map(point));
    drawn(event, false);
  });
  const lifted = (event) => {
    if (event.pointerId !== pad.pen) return;
    pad.pen = null;
    drawn(event, true);
  };
  canvas.addEventListener("touchstart", (event) => event.preventDefault()); // or the browser would scroll and zoom
  canvas.addEventListener("pointerup", lifted);
  canvas.addEventListener("pointercancel", lifted);
}

/** Draws strokes as smooth curves of a pen of this width; `at` says where on the canvas a point is. */
function paintStrokes(context, strokes, width, at) {
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = width;
  for (const stroke of strokes) {
    const points = stroke.map(at);
    const [x, y] = points[0];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 0.01, y); // a dot, if the stroke is one point
    for (let i = 1; i < points.length; i++) {
      const [[x, y], [next, below]] = [points[i - 1], points[i]];
      context.quadraticCurveTo(x, y, (x + next) / 2, (y + below) / 2);
    }
    context.lineTo(...points.at(-1));
    context.stroke();
  }
}

/** Left, top, width and height of a picture, in sides of the pad: as large as fits, in the middle. */
function placed({ width, height }) {
  const longer = Math.max(width, height);
  const [w, h] = [width / longer, height / longer];
  return [(1 - w) / 2, (1 - h) / 2, w, h];
}

const inkContext = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** The digits that strokes make, in a list like that of `findDigits`, their boxes in sides of the pad. Strokes that
 * may be several digits are cut as the ink of a picture is. */
function digitsOfStrokes(strokes) {
  if (!strokes.length) return [];
  const { ink, left, top, scale } = inkOfStrokes(strokes);
  const found = !detector && maybeSeveral(strokes) ? chosenDigits(linesOf(partsOf(ink), 1)) : [];
  const digits = found.length ? found : [{ image: redraw(ink), box: bounds(_drawn(ink)), clarity: 1 }];
  return digits.map((digit) => ({ ...digit, box: digit.box.map((n, i) => n / scale + (i % 2 ? top : left)) }));
}

/** Whether strokes are wider than high, or an upright line passes between them. */
function maybeSeveral(strokes) {
  const [across, down] = [0, 1].map((axis) => strokes.map((stroke) => {
    const values = stroke.map((point) => point[axis]);
    return [Math.min(...values), Math.max(...values)];
  }));
  const size = (ranges) => Math.max(...ranges.map(([, end]) => end)) - Math.min(...ranges.map(([start]) => start));
  const between = ([left]) => left > Math.max(...across.map(([start, end]) => (start < left ? end : -Infinity)));
  return size(across) > size(down) || across.some((range) => range[0] > Math.min(...across.flat()) && between(range));
}

/** Ink as `findInk` returns that of a picture. */
function partsOf(ink) {
  const [slopes] = steepness(changed(ink, (value) => -value));
  return { darkness: ink, ...parts(changed(ink, (value) => Number(value > 0.5)), slopes) };
}

/** The ink of strokes, drawn as large and as thick whatever their size on the pad: an image of 0..1, the place on the
 * pad of its left upper corner, and how many of its pixels a side of the pad is. */
function inkOfStrokes(strokes) {
  const [xs, ys] = [0, 1].map((axis) => strokes.flatMap((stroke) => stroke.map((point) => point[axis])));
  const [left, top] = [xs, ys].map((values) => -maximum(values.map((value) => -value)));
  const [wide, high] = [maximum(xs) - left, maximum(ys) - top];
  const scale = FINENESS / Math.max(high, wide / OBLONG, DOT), pen = THICKNESS * FINENESS;
  const [width, height] = [wide, high].map((n) => Math.ceil(n * scale + 2 * pen));
  Object.assign(inkContext.canvas, { width, height });
  paintStrokes(inkContext, strokes, pen, ([x, y]) => [(x - left) * scale + pen, (y - top) * scale + pen]);
  const { data } = inkContext.getImageData(0, 0, width, height);
  const ink = filled(width, height, (i) => data[4 * i + 3] / 255);
  return { ink, left: left - pen / scale, top: top - pen / scale, scale };
}

/** A digit of MNIST, given its image, as a drawing that fills the pad. */
function drawingOf(image) {
  const box = bounds({ width: 28, height: 28, data: image }).map((n) => n / 28);
  return { ...EMPTY, digits: [{ image, box, clarity: 1 }] };
}

/** The strokes, the picture or the digit of MNIST on the pad, on a square of `side` pixels. */
function paint(context, side, { strokes, picture, digits }) {
  if (picture) context.drawImage(picture, ...placed(picture).map((n) => n * side));
  else if (digits) paintPixels(context, [0, 0, side, side], 0, digits[0].image);
  paintStrokes(context, strokes, PEN * side, (point) => point.map((n) => n * side));
}

/** Whether a file that the browser cannot open is a picture as iPhones make them. */
async function isHeic(file) {
  return /^ftyp(hei|hev|mif1|msf1)/.test(await file.slice(4, 12).text());
}

/** The picture in a file, upright, on a canvas of at most LARGEST a side; throws if the browser cannot open it. */
async function openFile(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
  const picture = Object.assign(document.createElement("canvas"), { width, height });
  const context = picture.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return picture;
}

/** The digits in a picture, their boxes in sides of the pad; with their lines, if the network reads all ten. */
function digitsOfPicture(picture) {
  const { width, height } = picture, longer = Math.max(width, height), [left, top] = placed(picture);
  const pixels = picture.getContext("2d").getImageData(0, 0, width, height);
  return (detector ? findDigits(pixels) : chosenDigits(findLines(pixels))).map((digit) => ({
    ...digit,
    box: digit.box.map((n, i) => n / longer + (i % 2 ? top : left)),
  }));
}

/** The digits that the network chooses on lines, of those lines of whose digits it is fairly sure. */
function chosenDigits(lines) {
  return lines.flatMap(({ trials, digits }, line) => {
    const outputs = digits.map(({ image }) => feedforward(pad.network.layers, image).at(-1));
    const way = bestWay(trials, outputs), chosen = way.filter(([, isDigit]) => isDigit).map(([n]) => n);
    return sureness(trials, outputs, way) > SURE ? chosen.map((n) => ({ ...digits[n], line })) : [];
  });
}
